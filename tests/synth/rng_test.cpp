#include "synth/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "io/error.h"
#include "synth/split.h"

namespace zlens::synth {
namespace {

// C++17 [rand.predef]: the 10000th value of a default-seeded mt19937_64.
TEST(Rng, IsTheStandardsEngine) {
  Rng rng(5489);
  std::uint64_t last = 0;
  for (int i = 0; i < 10000; ++i) last = rng.next();
  EXPECT_EQ(last, 9981545732273789042u);
}

TEST(Rng, IntegersFillTheirRangeEvenly) {
  Rng rng(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts[static_cast<std::size_t>(rng.integer(-3, 3) + 3)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(rng.integer(5, 5), 5);
  EXPECT_THROW(rng.integer(2, 1), std::logic_error);
  rng.integer(INT64_MIN, INT64_MAX);
}

TEST(Rng, RealsAreBelowOne) {
  Rng rng(2);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double x = rng.real();
    ASSERT_TRUE(x >= 0 && x < 1);
    sum += x;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Rng, ShufflesAndPicksWithoutRepetition) {
  Rng rng(3);
  std::vector<int> items = {0, 1, 2, 3, 4, 5, 6, 7}, shuffled = items;
  rng.shuffle(shuffled);
  EXPECT_NE(shuffled, items);
  EXPECT_TRUE(std::is_permutation(items.begin(), items.end(), shuffled.begin()));
  const std::vector<int> some = rng.pick_some(items, 5);
  EXPECT_EQ(std::set<int>(some.begin(), some.end()).size(), 5u);
  EXPECT_THROW(rng.pick_some(items, 9), std::logic_error);
}

// SplitMix64 gives 0xe220a8397b1dcdaf first for state 0; FNV-1a of nothing is its offset basis, here finalized the same way.
TEST(Rng, HashesNeverChange) {
  EXPECT_EQ(mix_seeds(0, 0xe220a8397b1dcdafu), 0xe220a8397b1dcdafu);
  EXPECT_EQ(stable_hash(""), 14087677454934409008u);
  EXPECT_NE(stable_hash("a"), stable_hash("b"));
}

TEST(Split, EveryKeyHasOne) {
  int counts[3] = {};
  for (int i = 0; i < 8000; ++i) ++counts[static_cast<int>(split_of(std::to_string(i)))];
  EXPECT_NEAR(counts[0], 6000, 150);
  EXPECT_NEAR(counts[1], 1000, 100);
  EXPECT_NEAR(counts[2], 1000, 100);
  for (const char* name : {"train", "val", "test"}) EXPECT_EQ(split_name(parse_split(name)), name);
  EXPECT_THROW(parse_split("dev"), InputError);
}

}  // namespace
}  // namespace zlens::synth
