#include "eval/confusion.h"

#include <gtest/gtest.h>

#include "eval/drawing.h"
#include "tests/eval/page_checks.h"

namespace zlens {
namespace {

using test::contains;
using test::count;

Json mix_of(const std::vector<std::pair<std::string, double>>& parts) {
  Json mix = Json::array();
  for (const auto& [expert, weight] : parts) mix.push_back({{"expert", expert}, {"weight", weight}, {"sha256", "00"}});
  return mix;
}

SampleRecord routed(const std::string& kind, const std::string& expert) {
  SampleRecord record;
  record.field = kind;
  record.mix = expert == "base" ? Json::array() : mix_of({{"other", 0.25}, {expert, 0.75}});
  return record;
}

// 3 chart (2 right), 2 document (1 right), 2 foreign ones (1 right).
std::vector<SampleRecord> example() {
  return {routed("chart", "chart"), routed("document", "chart"), routed("base", "base"),        routed("chart", "chart"),
          routed("chart", "math"),  routed("base", "chart"),     routed("document", "document")};
}

TEST(Confusion, TheLargestWeightDominates) {
  EXPECT_EQ(dominating_expert(Json::array()), "base");
  EXPECT_EQ(dominating_expert(mix_of({{"a", 0.2}, {"b", 0.5}, {"c", 0.5}})), "b");
  EXPECT_EQ(dominating_expert(mix_of({{"a", -2}, {"b", 0.1}})), "b");
  EXPECT_EQ(dominating_expert(mix_of({{"a", -2}, {"b", 0}})), "base");
  for (const Json& odd : {Json(), Json("a"), Json::array({1, "a", Json::object()}), Json::array({{{"expert", 1}, {"weight", 1}}}),
                          Json::array({{{"expert", "a"}, {"weight", "1"}}})})
    EXPECT_EQ(dominating_expert(odd), "base") << odd;
}

TEST(Confusion, CountsByHand) {
  const auto matrix = confusion_of(example());
  ASSERT_TRUE(matrix);
  EXPECT_EQ(matrix->kinds, (std::vector<std::string>{"chart", "document", "base"}));
  EXPECT_EQ(matrix->experts, (std::vector<std::string>{"chart", "document", "math", "base"}));
  EXPECT_EQ(matrix->counts, (std::vector<std::vector<std::int64_t>>{{2, 0, 1, 0}, {1, 1, 0, 0}, {1, 0, 0, 1}}));
  EXPECT_EQ(matrix->judged, 7);
  EXPECT_EQ(matrix->right, 4);
  EXPECT_EQ(accuracy_text(*matrix), "4 of 7 right (57.1 %)");
}

TEST(Confusion, FailedSamplesAndThoseWithoutAFieldAreLeftOut) {
  auto records = example();
  records[0].error = "unreadable";
  records[1].field.clear();
  EXPECT_EQ(confusion_of(records)->judged, 5);
}

TEST(Confusion, NothingIsSaidWhereThereIsNothingToTell) {
  EXPECT_FALSE(confusion_of({}));
  EXPECT_FALSE(confusion_of({routed("chart", "base"), routed("total", "base")})) << "no mix";
  EXPECT_FALSE(confusion_of({routed("company", "document"), routed("total", "document")})) << "one fixed expert";
  EXPECT_TRUE(confusion_of({routed("document", "document"), routed("chart", "document")})) << "a dispatcher that knows one way";
  std::vector<SampleRecord> many;
  for (int i = 0; i < 65; ++i) many.push_back(routed("kind" + std::to_string(i), "chart"));
  EXPECT_FALSE(confusion_of(many));
}

TEST(Confusion, KindsThatAreNoExpertAreNotJudged) {
  const auto matrix = confusion_of({routed("company", "document"), routed("total", "base"), routed("document", "document")});
  EXPECT_EQ(matrix->judged, 1);
  const auto none = confusion_of({routed("company", "document"), routed("total", "base")});
  EXPECT_EQ(none->judged, 0);
  EXPECT_EQ(accuracy_text(*none), "");
}

TEST(Confusion, TheDrawingShowsEveryCell) {
  const auto matrix = confusion_of(example());
  const std::string svg = confusion_drawing(*matrix);
  test::expect_well_formed(svg);
  EXPECT_EQ(count(svg, "class=\"cell\""), 12u);
  EXPECT_EQ(count(svg, "class=\"hit\""), 3u);
  EXPECT_EQ(count(svg, ">67 %<"), 1u);
  EXPECT_TRUE(contains(svg, "4 of 7 right"));
  EXPECT_TRUE(contains(confusion_panel(*matrix, "T"), "4 of 7 right"));
}

TEST(Confusion, FiftyExpertsAndStrangeNamesStillDraw) {
  std::vector<SampleRecord> records;
  for (int i = 0; i < 50; ++i) {
    const std::string name = std::to_string(i) + std::string(test::kEvil);
    records.push_back(routed(name, name));
  }
  const auto matrix = confusion_of(records);
  ASSERT_TRUE(matrix);
  EXPECT_EQ(matrix->right, 50);
  const std::string svg = confusion_drawing(*matrix);
  test::expect_well_formed(svg);
  EXPECT_FALSE(contains(svg, "<script"));
  EXPECT_TRUE(contains(svg, "rotate(-45"));
}

TEST(Confusion, MarkdownIsATable) {
  auto records = example();
  records.push_back(routed("a|b\n", "chart"));
  const std::string table = confusion_markdown(*confusion_of(records));
  EXPECT_TRUE(table.starts_with("| kind \\ expert | chart | document | math | base | right |\n|---|---:|---:|---:|---:|---:|\n"))
      << table;
  EXPECT_TRUE(contains(table, "| a\\|b  | 1 | 0 | 0 | 0 | \xE2\x80\x93 |\n")) << table;
  EXPECT_TRUE(contains(table, "| chart | 2 | 0 | 1 | 0 | 66.7 % |\n")) << table;
  EXPECT_TRUE(contains(table, "\n4 of 7 right (57.1 %)\n")) << table;
}

}  // namespace
}  // namespace zlens
