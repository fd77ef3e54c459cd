#include "modules/kv_cache.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "io/error.h"

namespace zlens {
namespace {

const KvShape kShape{.layers = 2, .kv_heads = 1, .head_dim = 4};

TEST(KvCache, PositionsCountRealTokensOnly) {
  KvCache cache(kShape, 2, 4);
  const at::Tensor valid = at::tensor({0, 1, 1, 1, 1, 1}).view({2, 3}).to(at::kBool);
  const at::Tensor positions = cache.open_slots(valid, 3);
  EXPECT_TRUE(at::equal(positions, at::tensor({-1, 0, 1, 0, 1, 2}).view({2, 3})));
  cache.advance(3);
  EXPECT_TRUE(cache.has_padding());
  EXPECT_TRUE(at::equal(cache.open_slots({}, 1), at::tensor({2, 3}).view({2, 1})));
}

TEST(KvCache, GrowthKeepsWhatWasWritten) {
  KvCache cache(kShape, 1, 2);
  cache.open_slots({}, 2);
  cache.key(1).slice(2, 0, 2).fill_(5);
  cache.advance(2);
  cache.open_slots({}, 50);
  EXPECT_GE(cache.key(1).size(2), 52);
  EXPECT_EQ(cache.key(1).slice(2, 0, 2).min().item<float>(), 5);
  EXPECT_EQ(cache.positions()[0][51].item<int>(), 51);
}

TEST(KvCache, PrefixesAreRightAligned) {
  KvCache source(kShape, 1, 3);
  source.open_slots({}, 3);
  for (std::int64_t layer = 0; layer < 2; ++layer) source.key(layer).copy_(at::arange(12, at::kFloat).view({1, 1, 3, 4}) + layer);
  source.advance(3);
  const KvPrefix prefix = source.prefix_of_row(0);
  EXPECT_EQ(prefix.length(), 3);
  EXPECT_EQ(prefix.bytes(), 2U * 2 * 3 * 4 * sizeof(float));
  KvCache joined = KvCache::from_prefixes(kShape, {nullptr, &prefix}, 8);
  EXPECT_EQ(joined.length(), 3);
  EXPECT_TRUE(joined.has_padding());
  EXPECT_TRUE(at::equal(joined.key(1)[1].slice(1, 0, 3), source.key(1)[0].slice(1, 0, 3)));
  EXPECT_TRUE(at::equal(joined.open_slots({}, 1), at::tensor({0, 3}).view({2, 1})));
  joined.select_rows({1});
  EXPECT_EQ(joined.batch(), 1);
  EXPECT_TRUE(at::equal(joined.key(0)[0].slice(1, 0, 3), source.key(0)[0].slice(1, 0, 3)));
  EXPECT_THROW(KvCache::from_prefixes(kShape, {nullptr, &prefix}, 8).prefix_of_row(0), Error);
}

}  // namespace
}  // namespace zlens
