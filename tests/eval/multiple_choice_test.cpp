#include "eval/multiple_choice.h"

#include <gtest/gtest.h>

#include <vector>

#include "io/json.h"
#include "io/utf8.h"

namespace zlens {
namespace {

TEST(MultipleChoice, LettersAreTheOraclesOnes) {
  const Json vectors = read_json_file(ZLENS_FIXTURES "/metrics/python.json");
  ASSERT_GE(vectors["letters"].size(), 300u);
  for (const Json& row : vectors["letters"]) {
    const char letter =
        extract_choice_letter(to_utf32(row[0].get<std::string>()), static_cast<int>(row[1].get<std::string>().size()));
    EXPECT_EQ(letter == 0 ? std::string() : std::string(1, letter), row[2].get<std::string>()) << row.dump();
  }
}

TEST(MultipleChoice, TheOptionsTextWinsOverLettersInIt) {
  const std::vector<std::string> options = {"B", "A"};
  EXPECT_EQ(chosen_option("A", options), 'B');
  EXPECT_EQ(reference_option("A", options), 'B');
  EXPECT_EQ(reference_option("C", options), 0);
  EXPECT_EQ(chosen_option("", options), 0);
  EXPECT_EQ(chosen_option("A", {}), 0);
}

}  // namespace
}  // namespace zlens
