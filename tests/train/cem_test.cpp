#include "train/cem.h"

#include <gtest/gtest.h>

#include <cmath>

#include "io/error.h"

namespace zlens {
namespace {

// Best at (0.7, -0.3): a negative weight must be reachable.
CemScore hill(const std::vector<double>& x) {
  return {-std::pow(x[0] - 0.7, 2) - std::pow(x[1] + 0.3, 2), 0};
}

std::vector<double> climb(const CemOptions& options, CemScore (*score)(const std::vector<double>&), int rounds) {
  Cem cem({0.5, 0.5}, options);
  for (int round = 0; round < rounds; ++round) {
    const auto population = cem.ask();
    std::vector<CemScore> scores;
    for (const auto& candidate : population) scores.push_back(score(candidate));
    cem.tell(population, scores);
  }
  return cem.mean();
}

TEST(Cem, ClimbsAHillWithANegativeCoordinate) {
  const auto best = climb({}, hill, 12);
  EXPECT_NEAR(best[0], 0.7, 0.1);
  EXPECT_NEAR(best[1], -0.3, 0.1);
}

TEST(Cem, TiesAreBrokenByTheSecondScore) {
  const auto best = climb(
      {},
      [](const std::vector<double>& x) {
        return CemScore{1, hill(x).score};
      },
      12);
  EXPECT_NEAR(best[0], 0.7, 0.1);
}

TEST(Cem, IsDeterministicAndDependsOnItsSeed) {
  EXPECT_EQ(climb({.seed = 3}, hill, 4), climb({.seed = 3}, hill, 4));
  EXPECT_NE(climb({.seed = 3}, hill, 4), climb({.seed = 4}, hill, 4));
}

TEST(Cem, TheDeviationNeverFallsBelowItsFloor) {
  Cem cem({0, 0}, {.deviation_floor = 0.2});
  for (int round = 0; round < 30; ++round) {
    const auto population = cem.ask();
    std::vector<CemScore> scores;
    for (const auto& candidate : population) scores.push_back(hill(candidate));
    cem.tell(population, scores);
    for (const double deviation : cem.deviation()) EXPECT_GE(deviation, 0.2);
  }
}

TEST(Cem, RefusesWhatCannotWork) {
  EXPECT_THROW(Cem({0}, {.population = 1}), InputError);
  EXPECT_THROW(Cem({0}, {.elite = 0}), InputError);
}

}  // namespace
}  // namespace zlens
