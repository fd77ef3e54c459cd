#include "train/sample_order.h"

#include <gtest/gtest.h>

#include <set>

#include "io/error.h"
#include "train/toy.h"

namespace zlens {
namespace {

TEST(SampleOrder, MeetsEveryGroupOnceAnEpochInAnotherOrder) {
  const ToyStream stream(10);
  SampleOrder order(stream, 7);
  std::vector<std::vector<std::size_t>> epochs(2);
  for (auto& epoch : epochs)
    for (int i = 0; i < 10; ++i) {
      const auto group = order.next();
      ASSERT_EQ(group.size(), 2U);
      EXPECT_EQ(group[0] % 2, 0U);
      epoch.push_back(group[0]);
    }
  EXPECT_EQ(std::set<std::size_t>(epochs[0].begin(), epochs[0].end()).size(), 10U);
  EXPECT_NE(epochs[0], epochs[1]);
}

TEST(SampleOrder, GoesOnFromAnyPosition) {
  const ToyStream stream(5);
  SampleOrder whole(stream, 3), resumed(stream, 3);
  for (int i = 0; i < 7; ++i) whole.next();
  resumed.set_position(7);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(whole.next(), resumed.next());
}

TEST(SampleOrder, RefusesAnEmptyStream) {
  EXPECT_THROW(SampleOrder(ToyStream(0), 0), InputError);
}

}  // namespace
}  // namespace zlens
