#include "vision/ocr/reading_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace zlens {
namespace {

OcrWord word(const std::string& text, std::int64_t left, std::int64_t top, std::int64_t height = 20) {
  return {text, left, top, 40, height, 1};
}

std::string joined(std::vector<OcrWord> words) {
  std::string text;
  for (const auto& line : lines_in_reading_order(std::move(words))) {
    for (const OcrWord& w : line) text += w.text + " ";
    text += "/";
  }
  return text;
}

TEST(ReadingOrder, JoinsColumnsToRows) {
  // As Tesseract gives two columns: all items, then all amounts.
  EXPECT_EQ(joined({word("tea", 0, 0), word("milk", 0, 30), word("2.50", 300, 2), word("1.10", 300, 31)}), "tea 2.50 /milk 1.10 /");
}

TEST(ReadingOrder, FollowsARowThatDrifts) {
  std::vector<OcrWord> words;
  for (int i = 0; i < 10; ++i) words.push_back(word("a", i * 50, i * 6));  // 54 pixels over the row: more than two rows apart
  for (int i = 0; i < 10; ++i) words.push_back(word("b", i * 50, 26 + i * 6));
  EXPECT_EQ(joined(words), "a a a a a a a a a a /b b b b b b b b b b /");
}

TEST(ReadingOrder, DoesNotDependOnTheOrderGiven) {
  std::vector<OcrWord> words;
  for (int row = 0; row < 5; ++row) {
    for (int column = 0; column < 4; ++column)
      words.push_back(word(std::to_string(row * 4 + column), column * 60, row * 30 + column));
  }
  const std::string expected = joined(words);
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(words.begin(), words.end(), random);
    EXPECT_EQ(joined(words), expected);
  }
}

TEST(ReadingOrder, LosesNoWordAndEndsSoonOnManyWords) {
  std::mt19937 random(5);
  std::vector<OcrWord> words;
  for (int i = 0; i < 100'000; ++i) words.push_back(word("w", random() % 5000, random() % 100'000, 1 + random() % 40));
  const auto start = std::chrono::steady_clock::now();
  std::size_t count = 0;
  for (const auto& line : lines_in_reading_order(words)) count += line.size();
  EXPECT_EQ(count, words.size());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(ReadingOrder, ATallLetterDoesNotSwallowItsNeighbours) {
  EXPECT_EQ(joined({word("A", 0, 0, 90), word("one", 100, 2), word("two", 100, 32), word("three", 100, 62)}),
            "one /A two /three /");
}

TEST(ReadingOrder, NothingGivesNothing) {
  EXPECT_TRUE(lines_in_reading_order({}).empty());
}

}  // namespace
}  // namespace zlens
