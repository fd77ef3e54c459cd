#include "eval/compare.h"

#include <gtest/gtest.h>

#include <cmath>

#include "io/error.h"
#include "tests/eval/compared_runs.h"

namespace zlens {
namespace {

using test::contains;
using test::scored_run;

TEST(Compare, CountsByHand) {
  const auto a = scored_run("a", {1, 0, 0.5, 0, 1, 0.4}), b = scored_run("b", {1, 1, 1, 0, 0, 0.6});
  const Comparison comparison = compare_runs({a, b}, {});
  ASSERT_EQ(comparison.groups.size(), 3u);
  const ComparedGroup& all = comparison.groups[0];
  EXPECT_EQ(all.name, "all");
  EXPECT_EQ(all.samples, 6);
  EXPECT_EQ(all.clusters, 3);
  EXPECT_NEAR(all.scores[0].mean, 2.9 / 6, 1e-12);
  EXPECT_NEAR(all.scores[1].mean, 3.6 / 6, 1e-12);
  const Difference& difference = all.differences.at(0);
  EXPECT_NEAR(difference.estimate.mean, 0.7 / 6, 1e-12);
  EXPECT_EQ(difference.wins, 3);
  EXPECT_EQ(difference.losses, 1);
  EXPECT_EQ(difference.ties, 2);
  EXPECT_EQ(difference.mcnemar.only_first, 1) << "sample 4";
  EXPECT_EQ(difference.mcnemar.only_second, 2) << "samples 1 and 5; 2 was right from 0.5 on";
  EXPECT_EQ(comparison.groups[1].name, "a");
  EXPECT_NEAR(comparison.groups[1].differences[0].estimate.mean, -0.5 / 3, 1e-12);
  EXPECT_EQ(comparison.groups[2].differences[0].wins, 2);
}

TEST(Compare, ARunAgainstItselfDiffersByNothing) {
  const auto a = scored_run("a", {1, 0, 0.5, 0, 1, 0.4});
  const Comparison comparison = compare_runs({a, a, a}, {});
  for (const ComparedGroup& group : comparison.groups) {
    ASSERT_EQ(group.differences.size(), 2u);
    EXPECT_EQ(group.differences[1].estimate.low, 0);
    EXPECT_EQ(group.differences[1].estimate.high, 0);
    EXPECT_EQ(group.differences[1].p, 1);
    EXPECT_EQ(group.differences[1].ties, group.samples);
  }
  EXPECT_TRUE(comparison.gains[0].empty() && comparison.losses[1].empty());
  EXPECT_TRUE(comparison.settings.empty());
}

TEST(Compare, SwappedRunsMirror) {
  const auto a = scored_run("a", {1, 0, 0.5, 0, 1, 0.4}), b = scored_run("b", {1, 1, 1, 0, 0, 0.6});
  const Difference ab = compare_runs({a, b}, {}).groups[0].differences[0], ba = compare_runs({b, a}, {}).groups[0].differences[0];
  EXPECT_NEAR(ab.estimate.low, -ba.estimate.high, 1e-12);
  EXPECT_EQ(ab.p, ba.p);
  EXPECT_EQ(ab.wins, ba.losses);
  EXPECT_EQ(ab.mcnemar.mid_p, ba.mcnemar.mid_p);
}

TEST(Compare, TheOrderOfRecordsDoesNotMatter) {
  const auto a = scored_run("a", {1, 0, 0.5, 0, 1, 0.4});
  auto b = scored_run("b", {1, 1, 1, 0, 0, 0.6});
  const Json expected = to_json(compare_runs({a, b}, {}));
  std::swap(b.records[0], b.records[5]);
  std::swap(b.records[1], b.records[3]);
  EXPECT_EQ(to_json(compare_runs({a, b}, {})), expected);
}

TEST(Compare, ClusteringByImageWidensTheInterval) {
  std::vector<double> zeros(80, 0.0), pairs;
  for (int i = 0; i < 80; ++i) pairs.push_back(i / 2 % 2);  // both samples of a picture change alike
  const auto a = scored_run("a", zeros), b = scored_run("b", pairs);
  const Difference clustered = compare_runs({a, b}, {}).groups[0].differences[0];
  CompareOptions options;
  options.cluster_by_image = false;
  const Comparison single = compare_runs({a, b}, options);
  EXPECT_EQ(single.groups[0].clusters, 80);
  const double wide = clustered.estimate.high - clustered.estimate.low;
  const Estimate& narrow = single.groups[0].differences[0].estimate;
  EXPECT_NEAR(wide / (narrow.high - narrow.low), std::sqrt(2.0), 0.1);
}

TEST(Compare, SamplesThatShareAnImageByWayOfOthersAreOneCluster) {
  EXPECT_EQ(clusters_of({{"p", "q"}, {"r"}, {}, {"q", "s"}, {"s"}, {}}), (std::vector<std::size_t>{0, 1, 2, 0, 0, 5}));
}

TEST(Compare, MissingFailedAndUnscoredAreCounted) {
  auto a = scored_run("a", {1, 0, 1, 0, 1, 0}), b = scored_run("b", {1, 1, 1, 0, 0, 0});
  a.records.pop_back();
  b.records.erase(b.records.begin(), b.records.begin() + 2);
  b.records[0].score.reset();
  b.records[1].error = "image\nunreadable";
  const Comparison comparison = compare_runs({a, b}, {});
  EXPECT_EQ(comparison.missing, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(comparison.failed, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(comparison.unscored, 1);
  EXPECT_EQ(comparison.groups[0].samples, 2) << "s3, s4";
}

TEST(Compare, ListsTheGreatestChanges) {
  const auto a = scored_run("a", {0.9, 0, 0.5, 0, 1, 0.4}), b = scored_run("b", {0, 1, 0.6, 1, 0, 0.3});
  CompareOptions options;
  options.changed = 2;
  const Comparison comparison = compare_runs({a, b}, options);
  const auto& gains = comparison.gains.at(0);
  ASSERT_EQ(gains.size(), 2u);
  EXPECT_EQ(gains[0].id, "s1");
  EXPECT_EQ(gains[1].id, "s3");
  EXPECT_EQ(gains[1].predictions[0], "a says 3");
  EXPECT_EQ(gains[1].predictions[1], "b says 3");
  const auto& losses = comparison.losses.at(0);
  ASSERT_EQ(losses.size(), 2u);
  EXPECT_EQ(losses[0].id, "s4") << "the greatest first";
  EXPECT_EQ(losses[1].id, "s0");
}

TEST(Compare, GroupsAndFieldsCanBeChosen) {
  const auto a = scored_run("a", {1, 0, 0.5, 0, 1, 0.4}), b = scored_run("b", {1, 1, 1, 0, 0, 0.6});
  CompareOptions options;
  options.groups = {{"s0", "seen"}, {"s1", "unseen"}, {"s3", "unseen"}, {"unknown", "unseen"}};
  const Comparison grouped = compare_runs({a, b}, options);
  ASSERT_EQ(grouped.groups.size(), 3u);
  EXPECT_EQ(grouped.groups[2].name, "unseen");
  EXPECT_EQ(grouped.groups[2].samples, 2);
  options = {};
  options.fields = {"b"};
  EXPECT_EQ(compare_runs({a, b}, options).groups[0].samples, 3);
  options.fields = {"c"};
  EXPECT_TRUE(contains(test::message_of<InputError>([&] { compare_runs({a, b}, options); }), "no scored sample"));
  options = {};
  options.groups = {{"unknown", "x"}};
  EXPECT_THROW(compare_runs({a, b}, options), InputError);
  options = {};
  options.by_field = false;
  EXPECT_EQ(compare_runs({a, b}, options).groups.size(), 1u);
}

TEST(Compare, RunsOfOtherDataOrMetricsAreRefused) {
  const auto a = scored_run("a", {1, 0});
  for (const char* key : {"task", "split", "data_sha256", "metric_variant"}) {
    auto b = scored_run("b", {1, 0});
    b.config[key] = "other\n";
    const std::string message = test::message_of<InputError>([&] { compare_runs({a, b}, {}); });
    EXPECT_TRUE(contains(message, key)) << message;
    EXPECT_FALSE(contains(message, "\n")) << message;
  }
  EXPECT_THROW(compare_runs({a}, {}), InputError);
  EXPECT_THROW(compare_runs({}, {}), InputError);
  auto other_ids = scored_run("b", {1, 0});
  for (SampleRecord& record : other_ids.records) record.id += "x";
  EXPECT_THROW(compare_runs({a, other_ids}, {}), InputError);
  CompareOptions options;
  options.threshold = 0;
  EXPECT_THROW(compare_runs({a, a}, options), InputError);
}

TEST(Compare, TellsInWhatTheRunsDiffer) {
  auto a = scored_run("a", {1, 0}), b = scored_run("b", {1, 0});
  b.config["seed"] = 7;
  const auto settings = compare_runs({a, b}, {}).settings;
  EXPECT_EQ(settings, (std::map<std::string, std::vector<std::string>>{{"answerer.expert", {"a", "b"}}, {"seed", {"", "7"}}}));
}

TEST(Compare, ReadsRunsFromTheirFolders) {
  const test::TemporaryFolder folder;
  const auto a = scored_run("a", {1, 0, 0.5, 0}), b = scored_run("b", {1, 1, 1, 0});
  test::write_run(folder / "a", a);
  test::write_run(folder / "b", b);
  auto stored = std::vector<StoredRun>{read_run(folder / "a"), read_run(folder / "b")};
  EXPECT_EQ(stored[0].name, folder / "a");
  for (std::size_t i = 0; i < 2; ++i) stored[i].name = i == 0 ? "a" : "b";
  EXPECT_EQ(to_json(compare_runs(stored, {})), to_json(compare_runs({a, b}, {})));
  EXPECT_THROW(read_run(folder / "c"), InputError);
}

}  // namespace
}  // namespace zlens
