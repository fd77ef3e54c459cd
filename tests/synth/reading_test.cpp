#include "synth/reading.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "eval/metrics.h"
#include "io/error.h"
#include "synth/kinds.h"
#include "synth/reading_words.h"
#include "synth/words.h"
#include "tests/synth/solvers.h"

namespace zlens::synth {
namespace {

Document at(std::uint64_t index, Split split, const std::vector<std::string>& fields = {}) {
  return find_kind("reading").make({21, split, index}, {.fields = fields});
}

std::size_t asked_line(const std::string& question, std::size_t lines) {
  const std::map<std::string, std::size_t> kPlaces = {
      {"top", 0}, {"second", 1}, {"middle", lines == 3 ? 1 : lines}, {"third", 2}, {"bottom", lines - 1}};
  for (const auto& [name, line] : kPlaces)
    if (question.find(" " + name + " ") != std::string::npos) return line;
  throw std::invalid_argument(question);
}

// The value of the line whose key the question names, in any case.
std::string value_asked(const std::string& text, const std::string& question) {
  std::string found;
  std::size_t longest = 0;
  for (const std::string& line : test::lines_of(text)) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string key = upper(line.substr(0, colon));
    const std::size_t here = upper(question).find(" " + key);
    const std::string after = here == std::string::npos ? "" : upper(question).substr(here + 1 + key.size());
    if (here != std::string::npos && (after == "?" || after == ".") && key.size() > longest) {
      found = line.substr(colon + 2);
      longest = key.size();
    }
  }
  return found;
}

std::string solved(const Sample& sample) {
  const std::vector<std::string> lines = test::lines_of(sample.text);
  if (sample.field == "label") return lines.at(asked_line(sample.question, lines.size()));
  if (sample.field == "document") return value_asked(sample.text, sample.question);
  if (sample.field == "reversed") return {sample.text.rbegin(), sample.text.rend()};
  return sample.text;
}

TEST(Reading, TextsAnswerTheirQuestions) {
  std::map<std::string, int> fields;
  for (const Split split : {Split::Train, Split::Test})
    for (std::uint64_t i = 0; i < 600; ++i) {
      const Sample sample = at(i, split).sample;
      ++fields[sample.field];
      ASSERT_EQ(sample.answers.size(), 1u);
      EXPECT_EQ(solved(sample), sample.answers[0]) << sample.text << "\n" << sample.question;
      EXPECT_EQ(find_metric(sample.metric).score({sample.answers[0], sample.answers, {}}), 1) << sample.answers[0];
    }
  EXPECT_EQ(fields.size(), 5u);
  for (const auto& [field, count] : fields) EXPECT_GT(count, 150) << field;
}

TEST(Reading, EveryLineIsAskedForOnce) {
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Document document = at(i, Split::Train, {"label", "document"});
    std::set<std::string> questions = {document.sample.question};
    for (const Sample& other : document.more) {
      EXPECT_EQ(solved(other), other.answers.at(0)) << other.text << "\n" << other.question;
      EXPECT_TRUE(questions.insert(other.question).second);
    }
    EXPECT_EQ(questions.size(), std::get<Note>(document.facts).lines.size());
  }
}

TEST(Reading, OtherNumbersScoreNothing) {
  int numeric = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Sample sample = at(i, Split::Train, {"number"}).sample;
    std::string wrong = sample.answers[0];
    const std::size_t digit = wrong.find_last_of("0123456789");
    wrong[digit] = wrong[digit] == '9' ? '1' : static_cast<char>(wrong[digit] + 1);
    EXPECT_EQ(find_metric(sample.metric).score({wrong, sample.answers, {}}), 0) << wrong;
    numeric += sample.metric == "numeric";
  }
  EXPECT_GT(numeric, 60);
  EXPECT_LT(numeric, 100);
}

TEST(Reading, BackwardsComesOnlyWhereAsked) {
  for (std::uint64_t i = 0; i < 500; ++i) EXPECT_NE(at(i, Split::Train).sample.field, "reversed");
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Sample sample = at(i, Split::Test, {"reversed"}).sample;
    EXPECT_EQ(sample.field, "reversed");
    EXPECT_EQ(solved(sample), sample.answers[0]);
  }
}

TEST(Reading, FieldsCanBeChosen) {
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < 50; ++i) seen.insert(at(i, Split::Train, {"word", "label"}).sample.field);
  EXPECT_EQ(seen, (std::set<std::string>{"word", "label"}));
  try {
    at(0, Split::Train, {"sum"});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("by name alone: reversed"), std::string::npos) << error.what();
  }
  EXPECT_THROW(find_kind("mixed").make({1, Split::Train, 0}, {.fields = {"chart"}}), InputError);
  // No word problem is an addition.
  EXPECT_THROW(find_kind("math").make({1, Split::Train, 0}, {.sheet = {.word_share = 1}, .fields = {"addition"}}), InputError);
}

TEST(Reading, WordsOfOneSplitAreInNoOtherInAnyCase) {
  std::map<std::string, Split> owner;
  for (const Split split : {Split::Train, Split::Val, Split::Test})
    for (std::uint64_t i = 0; i < 500; ++i) {
      const auto [found, fresh] = owner.emplace(upper(at(i, split, {"word"}).sample.text), split);
      EXPECT_EQ(found->second, split) << found->first;
    }
  EXPECT_GT(owner.size(), 600u);
}

TEST(Reading, UnseenDocumentsHaveOtherHeadings) {
  std::set<std::string> headings;
  const std::vector<std::string> fields = {"string", "word", "number", "document", "reversed"};
  const auto heading = [](const Document& document) { return std::get<Note>(document.facts).heading; };
  for (std::uint64_t i = 0; i < 1500; ++i) {
    const Document document = at(i, Split::Train, fields);
    EXPECT_FALSE(document.sample.unseen);
    headings.insert(heading(document));
  }
  int unseen = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const Document document = at(i, Split::Test, fields);
    if (!document.sample.unseen) continue;
    ++unseen;
    EXPECT_TRUE(heading(document).empty() || !headings.contains(heading(document)));
  }
  EXPECT_NEAR(unseen, 200, 50);
}

TEST(Reading, ReceiptsAddUp) {
  int receipts = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Note note = std::get<Note>(at(i, Split::Train, {"document"}).facts);
    if (note.lines.back().key != "Total") continue;
    test::Number sum = 0;
    for (std::size_t line = 0; line + 1 < note.lines.size(); ++line) sum += test::number(note.lines[line].value);
    EXPECT_EQ(sum, test::number(note.lines.back().value));
    ++receipts;
  }
  EXPECT_GT(receipts, 20);
}

TEST(Reading, StringsHaveNothingThatLooksAlike) {
  Rng rng(3);
  for (int i = 0; i < 500; ++i) {
    const std::string text = draw_string(rng, 2, 8);
    EXPECT_GE(text.size(), 2u);
    EXPECT_LE(text.size(), 8u);
    EXPECT_EQ(text.find_first_of("OIl"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace zlens::synth
