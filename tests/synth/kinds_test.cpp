#include "synth/kinds.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "io/error.h"
#include "tests/synth/solvers.h"

namespace zlens::synth {
namespace {

Document at(const char* kind, std::uint64_t index, Split split = Split::Train, std::uint64_t seed = 7) {
  return find_kind(kind).make({seed, split, index}, {});
}

// Equal texts, or texts of one number.
bool same(const std::string& a, const std::string& b) {
  if (a == b) return true;
  try {
    return test::number(a) == test::number(b);
  } catch (const std::invalid_argument&) {
    return false;
  }
}

// Pinned, because a data set is named by its seed: a change here is a change of every published figure.
TEST(Kinds, TextsNeverChange) {
  const Sample math = at("math", 0).sample;
  EXPECT_EQ(math.text + "\n" + math.question + "\n" + math.answers[0],
            "28 / 4\n"
            "What is the result?\n"
            "7");
  const Sample chart = at("chart", 3).sample;
  EXPECT_EQ(chart.text + "\n" + chart.question + "\n" + chart.answers[0],
            "Population in Japan (million)\n"
            "1996 18.0\n"
            "1997 8.2\n"
            "1998 13.7\n"
            "1999 45.1\n"
            "2000 17.7\n"
            "2001 23.4\n"
            "2002 17.1\n"
            "2003 4.3\n"
            "0 10 20 30 40 50\n"
            "What is the total of 1996 and 2003?\n"
            "22.3");
  const Sample receipt = at("receipt-table", 1, Split::Test).sample;
  EXPECT_EQ(receipt.text + "\n" + receipt.question + "\n" + receipt.answers[0],
            "OLD MILL BAKERY\n"
            "221 BRIDGE ROAD\n"
            "10342 DENVER\n"
            "DATE 15/01/2018\n"
            "COFFEE 22.00\n"
            "FLOUR 2KG 23.50\n"
            "WHITE BREAD 8.10\n"
            "NOTEBOOK 11.10\n"
            "TOTAL $ 64.70\n"
            "CASH $ 100.00\n"
            "CHANGE $ 35.30\n"
            "THANK YOU\n"
            "What is the price difference between FLOUR 2KG and WHITE BREAD?\n"
            "15.40");
}

TEST(Kinds, EqualPlacesGiveEqualDocumentsInAnyOrder) {
  for (const Kind& kind : kinds()) {
    std::vector<std::string> forward;
    for (std::uint64_t i = 0; i < 30; ++i) forward.push_back(kind.make({3, Split::Val, i}, {}).sample.text);
    for (std::uint64_t i = 30; i-- > 0;) EXPECT_EQ(kind.make({3, Split::Val, i}, {}).sample.text, forward[i]);
    EXPECT_NE(kind.make({4, Split::Val, 0}, {}).sample.text, forward[0]);
  }
}

TEST(Kinds, NoTextIsInTwoSplits) {
  for (const Kind& kind : kinds()) {
    std::map<std::string, Split> owner;
    for (const Split split : {Split::Train, Split::Val, Split::Test}) {
      for (std::uint64_t i = 0; i < 400; ++i) {
        const std::string text = kind.make({i % 3, split, i}, {}).sample.text;
        const auto [found, fresh] = owner.emplace(text, split);
        EXPECT_EQ(found->second, split) << kind.name << ": " << text;
      }
    }
    EXPECT_GT(owner.size(), 1000u) << kind.name;
  }
}

TEST(Mixed, AsksTheSameOfAReceiptAChartAndASheet) {
  std::set<std::string> questions;
  for (std::uint64_t i = 0; i < 300; i += 3) {
    const Document receipt = at("mixed", i, Split::Test), chart = at("mixed", i + 1, Split::Test),
                   sheet = at("mixed", i + 2, Split::Test);
    EXPECT_EQ(receipt.sample.question, chart.sample.question);
    EXPECT_EQ(receipt.sample.question, sheet.sample.question);
    questions.insert(receipt.sample.question);
    EXPECT_EQ(receipt.sample.field + chart.sample.field + sheet.sample.field, "documentchartmath");
    EXPECT_TRUE(std::holds_alternative<Receipt>(receipt.facts));
    EXPECT_TRUE(std::holds_alternative<Chart>(chart.facts));
    EXPECT_TRUE(std::holds_alternative<Sheet>(sheet.facts));
    // What is really asked stands in the picture.
    for (const Document* document : {&receipt, &chart}) {
      const std::string last = test::lines_of(document->sample.text).back();
      ASSERT_TRUE(last.starts_with("Question: ")) << last;
      const std::string asked = last.substr(10);
      const auto* drawn = std::get_if<Chart>(&document->facts);
      const std::string answer = drawn ? test::solve_chart(document->sample.text, {drawn->categories, drawn->series}, asked)
                                       : test::solve_receipt(document->sample.text, asked);
      EXPECT_TRUE(same(answer, document->sample.answers[0])) << document->sample.text << "\n" << answer;
    }
    EXPECT_EQ(test::number(test::solve_sheet(sheet.sample.text, "")), test::number(sheet.sample.answers[0]));
  }
  EXPECT_GE(questions.size(), 5u);
}

TEST(Kinds, FactsSayWhatTheTextSays) {
  const Document chart = at("chart", 5);
  const Json facts = to_json(chart.facts);
  const auto read = test::read_chart(chart.sample.text, {facts.at("categories").get<std::vector<std::string>>(),
                                                         facts.at("series").get<std::vector<std::string>>()});
  for (std::size_t s = 0; s < read.size(); ++s)
    for (std::size_t c = 0; c < read[s].size(); ++c)
      EXPECT_EQ(read[s][c], test::number(facts.at("values").at(s).at(c).get<std::string>()));
  const Json sheet = to_json(at("math", 2).facts);
  EXPECT_EQ(sheet.at("exercises").at(0).at("answer"), at("math", 2).sample.answers.back());
  const Json receipt = to_json(at("receipt", 2).facts);
  EXPECT_NE(at("receipt", 2).sample.text.find(receipt.at("total").get<std::string>()), std::string::npos);
}

TEST(Kinds, UnknownNamesAreRefused) {
  try {
    find_kind("pictures\n");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("receipt-table"), std::string::npos);
  }
}

}  // namespace
}  // namespace zlens::synth
