#include "train/advantages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "io/error.h"

namespace zlens {
namespace {

TEST(Advantages, RlooComparesWithTheOthers) {
  const std::vector<double> rewards = {1, 0, 0.5, 0};
  const auto out = advantages(rewards, Algorithm::Rloo);
  EXPECT_NEAR(out[0], 1 - 0.5 / 3, 1e-12);
  EXPECT_NEAR(out[1], 0 - 1.5 / 3, 1e-12);
  EXPECT_NEAR(std::accumulate(out.begin(), out.end(), 0.0), 0, 1e-12);
}

TEST(Advantages, GrpoHasUnitDeviation) {
  const auto out = advantages(std::vector<double>{1, 0, 0, 0}, Algorithm::Grpo);
  double squares = 0;
  for (const double value : out) squares += value * value;
  EXPECT_NEAR(squares / 4, 1, 1e-12);
}

TEST(Advantages, ReinforceIsTheRewardAsPlusMinusOne) {
  EXPECT_EQ(advantages(std::vector<double>{1, 0, 0.5}, Algorithm::Reinforce), (std::vector<double>{1, -1, 0}));
}

TEST(Advantages, EqualRewardsTeachNothing) {
  for (const Algorithm algorithm : {Algorithm::Rloo, Algorithm::Grpo})
    EXPECT_EQ(advantages(std::vector<double>{0.3, 0.3}, algorithm), (std::vector<double>{0, 0}));
  EXPECT_EQ(advantages(std::vector<double>{1}, Algorithm::Rloo), std::vector<double>{0});
  EXPECT_FALSE(has_spread(std::vector<double>{}));
  EXPECT_THROW(parse_algorithm("ppo"), InputError);
}

TEST(Signal, IsSpreadWithinAPromptOrBetweenPrompts) {
  const auto of = [](const std::vector<std::vector<double>>& prompts) {
    Signal signal;
    for (const auto& rewards : prompts) signal.add(rewards);
    return signal.fraction();
  };
  EXPECT_EQ(of({{0, 1}, {0, 0}, {1, 1}, {0.5, 1}}), 0.5) << "prompts that differ from each other alone teach nothing";
  EXPECT_EQ(of({{0}, {0}, {1}, {0}}), 0.25);
  EXPECT_EQ(of({{1}, {1}}), 0);
  EXPECT_EQ(of({{1}}), 0);
  EXPECT_EQ(of({}), 0);
}

}  // namespace
}  // namespace zlens
