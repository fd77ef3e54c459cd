#include "eval/compare_page.h"

#include <gtest/gtest.h>

#include "tests/eval/compared_runs.h"
#include "tests/eval/page_checks.h"

namespace zlens {
namespace {

using test::contains;
using test::count;

std::vector<StoredRun> example() {
  return {test::scored_run("one", {1, 0, 0.5, 0, 1, 0.4}), test::scored_run("two", {1, 1, 1, 0, 0, 0.6}),
          test::scored_run("three", {0, 0, 0, 0, 0, 0})};
}

TEST(ComparePage, ShowsRunsDifferencesAndChanges) {
  const std::string page = render_comparison(compare_runs(example(), {}), {std::nullopt, std::nullopt, std::nullopt});
  test::expect_self_contained(page);
  for (const char* text : {">one<", ">three<", "C \xE2\x88\x92 A", "+0.1167", "Greatest gains of B", "Greatest losses of C",
                           "two says 1", "answerer.expert", "95 % interval"})
    EXPECT_TRUE(contains(page, text)) << text;
  EXPECT_FALSE(contains(page, "Greatest gains of C")) << "it has none";
  EXPECT_FALSE(contains(page, "Some runs lack"));
  EXPECT_EQ(count(page, "r=\"4.2\""), 6u) << "three groups, two differences";
}

TEST(ComparePage, GainAndLossAreMarkedOnlyWhereTheIntervalExcludesNothing) {
  const auto a = test::scored_run("a", std::vector<double>(60, 0.0));
  std::vector<double> better(60, 0.0), unclear(60, 0.0);
  for (std::size_t i = 0; i < 60; i += 3) better[i] = 1;
  unclear[0] = 1;
  const auto page = [&](const StoredRun& first, const StoredRun& second) {
    return render_comparison(compare_runs({first, second}, {}), {});
  };
  const auto b = test::scored_run("b", better), c = test::scored_run("c", unclear);
  EXPECT_GT(count(page(a, b), "num gain"), 0u);
  EXPECT_GT(count(page(b, a), "num loss"), 0u);
  EXPECT_EQ(count(page(a, c), "num gain"), 0u);
}

TEST(ComparePage, ConfusionsOfRunsThatRoute) {
  auto runs = example();
  for (SampleRecord& record : runs[1].records) record.mix = {{{"expert", record.field}, {"weight", 1}}};
  std::vector<std::optional<ConfusionMatrix>> confusions;
  for (const StoredRun& run : runs) confusions.push_back(confusion_of(run.records));
  const std::string page = render_comparison(compare_runs(runs, {}), confusions);
  EXPECT_EQ(count(page, "6 of 6 right"), 2u) << "in words and for readers who hear the page";
  EXPECT_EQ(count(page, "Rows: the right kind"), 1u);
}

TEST(ComparePage, NothingFromTheRunsBecomesMarkup) {
  auto runs = example();
  for (StoredRun& run : runs) {
    run.name = std::string(test::kEvil);
    for (const char* key : {"task", "split", "metric", "metric_variant"}) run.config[key] = test::kEvil;
    for (SampleRecord& record : run.records) {
      record.field = record.question = record.prediction = record.error = std::string(test::kEvil);
      record.references = {std::string(test::kEvil)};
      record.mix = {{{"expert", test::kEvil}, {"weight", 1}}};
    }
  }
  runs[1].config[std::string(test::kEvil)] = test::kEvil;
  runs[2].records.pop_back();
  const std::string page = render_comparison(compare_runs(runs, {}), {std::nullopt, std::nullopt, std::nullopt});
  test::expect_self_contained(page);
  EXPECT_TRUE(contains(page, "Some runs lack"));
}

}  // namespace
}  // namespace zlens
