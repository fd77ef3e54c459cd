#include "text/answer_evidence.h"

#include <gtest/gtest.h>

#include <sstream>

namespace zlens {
namespace {

std::vector<Evidence> words(const std::string& text) {
  std::vector<Evidence> out;
  std::istringstream in(text);
  for (std::string word; in >> word;) out.push_back({.text = word, .left = static_cast<std::int64_t>(out.size())});
  return out;
}

std::string found(const std::string& answer, const std::string& page) {
  std::string text;
  for (const Evidence& word : find_evidence(answer, words(page))) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

TEST(AnswerEvidence, FindsTheWordsThatSpellTheAnswer) {
  const std::string page = "LIM BAKERY & CAFE SDN BHD DATE: 14/02/2018 TOTAL RM 9.00 CASH 10.00";
  EXPECT_EQ(found("9.00", page), "9.00");
  EXPECT_EQ(found("14/02/2018", page), "14/02/2018");
  EXPECT_EQ(found("lim bakery & cafe sdn bhd.", page), "LIM BAKERY & CAFE SDN BHD");
  EXPECT_EQ(found("Lim Bakery and Cafe Sdn Bhd", page), "LIM BAKERY & CAFE SDN BHD") << "similar is enough";
  EXPECT_EQ(found("9", page), "");
  EXPECT_EQ(found("KAJANG", page), "");
  EXPECT_EQ(found("", page), "");
  EXPECT_EQ(found("...", page), "");
  EXPECT_EQ(found("9.00", ""), "");
}

TEST(AnswerEvidence, EarlierRunsWinTies) {
  EXPECT_EQ(find_evidence("5.00", words("A 5.00 B 5.00")).front().left, 1);
}

TEST(AnswerEvidence, UnicodeIsFolded) {
  EXPECT_EQ(found("café münchen", "Das CAFÉ MÜNCHEN ist zu"), "CAFÉ MÜNCHEN");
}

TEST(AnswerEvidence, AnExactRunBeatsASimilarOne) {
  EXPECT_EQ(found("1234567890", "1234567891 x 1234567890"), "1234567890");
}

}  // namespace
}  // namespace zlens
