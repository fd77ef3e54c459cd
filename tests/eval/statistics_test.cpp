#include "eval/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "io/error.h"
#include "io/json.h"
#include "io/rng.h"

namespace zlens {
namespace {

const Json& expected() {
  static const Json values = read_json_file(ZLENS_FIXTURES "/statistics/expected.json");
  return values;
}

std::vector<double> random_values(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> out(count);
  for (double& value : out) value = rng.below(1001) / 500.0 - 1;
  return out;
}

TEST(Rng, IsTheStandardsEngine) {
  Rng rng(5489);
  for (int i = 1; i < 10000; ++i) rng.bits();
  EXPECT_EQ(rng.bits(), 9981545732273789042u) << "the 10000th value that the C++ standard demands";
}

TEST(Rng, BelowIsUniform) {
  Rng rng(1);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts.at(rng.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(rng.below(1), 0u);
}

TEST(McNemar, EqualsScipy) {
  ASSERT_GE(expected()["mcnemar"].size(), 10u);
  for (const Json& row : expected()["mcnemar"]) {
    const McNemar test = mcnemar(row[0], row[1]);
    EXPECT_NEAR(test.exact_p, row[2], 1e-9 * row[2].get<double>()) << row;
    EXPECT_NEAR(test.mid_p, row[3], 1e-9 * row[3].get<double>()) << row;
    const McNemar swapped = mcnemar(row[1], row[0]);
    EXPECT_EQ(swapped.exact_p, test.exact_p);
    EXPECT_EQ(swapped.mid_p, test.mid_p);
  }
  EXPECT_THROW(mcnemar(-1, 3), InputError);
}

TEST(Auroc, EqualsScipy) {
  for (const Json& row : expected()["auroc"]) {
    const auto positives = row[0].get<std::vector<double>>(), negatives = row[1].get<std::vector<double>>();
    EXPECT_NEAR(auroc(positives, negatives), row[2], 1e-12);
    EXPECT_NEAR(auroc(negatives, positives), 1 - row[2].get<double>(), 1e-12);
  }
  const std::vector<double> equal = {0.5, 0.5}, infinite = {std::numeric_limits<double>::infinity()};
  EXPECT_EQ(auroc(equal, equal), 0.5);
  EXPECT_EQ(auroc(infinite, equal), 1);
  EXPECT_THROW(auroc({}, equal), InputError);
  EXPECT_THROW(auroc(equal, {}), InputError);
  EXPECT_THROW(auroc(equal, std::vector<double>{std::nan("")}), InputError);
}

TEST(Bootstrap, EqualsScipysIntervalWithinItsNoise) {
  for (const Json& row : expected()["bootstrap"]) {
    const auto values = row["values"].get<std::vector<double>>();
    const auto clusters = row["clusters"].get<std::vector<std::size_t>>();
    const double low = row["interval"][0], high = row["interval"][1];
    const Estimate estimate = bootstrap_mean(values, clusters, {.count = 40000, .seed = 3});
    EXPECT_NEAR(estimate.mean, std::accumulate(values.begin(), values.end(), 0.0) / values.size(), 1e-12);
    EXPECT_NEAR(estimate.low, low, 0.03 * (high - low));
    EXPECT_NEAR(estimate.high, high, 0.03 * (high - low));
  }
}

TEST(Bootstrap, EqualsTheNormalIntervalOfManyCoins) {
  // 0.3 of 2000 samples: the interval's closed form is 0.3 ± 1.96 sqrt(0.3 · 0.7 / 2000).
  std::vector<double> values(2000);
  std::fill(values.begin(), values.begin() + 600, 1.0);
  const double half = 1.959964 * std::sqrt(0.3 * 0.7 / 2000);
  const Estimate alone = bootstrap_mean(values, {}, {});
  EXPECT_NEAR(alone.low, 0.3 - half, 0.05 * half);
  EXPECT_NEAR(alone.high, 0.3 + half, 0.05 * half);
  // Four copies of every sample as one cluster know no more than one; as 8000 samples they would pretend to.
  std::vector<double> copied;
  std::vector<std::size_t> clusters;
  for (std::size_t i = 0; i < values.size(); ++i) copied.insert(copied.end(), 4, values[i]), clusters.insert(clusters.end(), 4, i);
  const Estimate clustered = bootstrap_mean(copied, clusters, {});
  EXPECT_NEAR(clustered.low, alone.low, 1e-12);
  EXPECT_NEAR(clustered.high, alone.high, 1e-12);
  EXPECT_NEAR(bootstrap_mean(copied, {}, {}).high, 0.3 + half / 2, 0.05 * half);
}

TEST(Bootstrap, IsRepeatableAndMirrors) {
  const auto values = random_values(90, 4);
  std::vector<double> negated;
  std::vector<std::size_t> clusters;
  for (std::size_t i = 0; i < values.size(); ++i) negated.push_back(-values[i]), clusters.push_back(i / 3);
  const Estimate a = bootstrap_mean(values, clusters, {}), again = bootstrap_mean(values, clusters, {});
  const Estimate b = bootstrap_mean(negated, clusters, {});
  EXPECT_EQ(a.low, again.low);
  EXPECT_EQ(a.high, again.high);
  EXPECT_NEAR(b.low, -a.high, 1e-12);
  EXPECT_NEAR(b.high, -a.low, 1e-12);
  EXPECT_NE(bootstrap_mean(values, clusters, {.seed = 1}).low, a.low);
  EXPECT_GT(bootstrap_mean(values, clusters, {.level = 0.8}).low, a.low);
  EXPECT_EQ(sign_flip_p(values, clusters, {}), sign_flip_p(negated, clusters, {}));
}

TEST(Bootstrap, EqualRunsDifferByNothing) {
  const std::vector<double> none(50, 0.0);
  const Estimate estimate = bootstrap_mean(none, {}, {});
  EXPECT_EQ(estimate.low, 0);
  EXPECT_EQ(estimate.high, 0);
  EXPECT_EQ(sign_flip_p(none, {}, {}), 1);
  EXPECT_EQ(mcnemar(0, 0).exact_p, 1);
  EXPECT_EQ(mcnemar(0, 0).mid_p, 1);
}

TEST(SignFlip, EqualsScipysEnumeration) {
  for (const Json& row : expected()["sign_flip"])
    EXPECT_NEAR(sign_flip_p(row[0].get<std::vector<double>>(), {}, {}), row[1], 1e-12) << row;
}

TEST(SignFlip, DrawnEqualsExactWithinItsNoise) {
  std::vector<double> values = random_values(13, 9);
  for (double& value : values) value += 0.3;
  const double exact = sign_flip_p(values, {}, {.count = 10000});
  EXPECT_NEAR(sign_flip_p(values, {}, {.count = 8000}), exact, 4 * std::sqrt(exact * (1 - exact) / 8000));
}

TEST(SignFlip, ClustersFlipAsOne) {
  // One cluster of ten equal differences is one coin: p = 1. Ten clusters: 2 of 1024 flips are as extreme.
  const std::vector<double> values(10, 0.1);
  EXPECT_EQ(sign_flip_p(values, std::vector<std::size_t>(10, 0), {}), 1);
  EXPECT_EQ(sign_flip_p(values, {}, {}), 2.0 / 1024);
  EXPECT_EQ(sign_flip_p(std::vector<double>(200, 0.1), {}, {}), 1.0 / 10001);
}

TEST(SignFlip, IsUniformWhereNothingDiffers) {
  int below = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    below += sign_flip_p(random_values(30, 1000 + seed), {}, {.count = 400, .seed = seed}) <= 0.1;
  EXPECT_NEAR(below, 40, 20);
}

TEST(Statistics, BadArgumentsAreRefused) {
  const std::vector<double> values = {1, 2}, infinite = {1, std::numeric_limits<double>::infinity()};
  const std::vector<std::size_t> short_clusters = {0}, high = {0, 2};
  EXPECT_THROW(bootstrap_mean({}, {}, {}), InputError);
  EXPECT_THROW(bootstrap_mean(infinite, {}, {}), InputError);
  EXPECT_THROW(bootstrap_mean(values, short_clusters, {}), InputError);
  EXPECT_THROW(sign_flip_p(values, high, {}), InputError);
  EXPECT_THROW(sign_flip_p(values, {}, {.count = 99}), InputError);
  EXPECT_THROW(bootstrap_mean(values, {}, {.level = 1}), InputError);
}

}  // namespace
}  // namespace zlens
