#include "io/floats.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace zlens {
namespace {

template <typename T>
std::vector<float> read(Dtype dtype, const std::vector<T>& stored) {
  std::vector<float> out(stored.size());
  to_floats(dtype, std::as_bytes(std::span(stored)), out);
  return out;
}

TEST(Floats, KnownBits) {
  EXPECT_EQ(read<std::uint16_t>(Dtype::F16, {0x3C00, 0xC000, 0x0001, 0x7BFF}),
            (std::vector<float>{1.0F, -2.0F, 5.9604645e-8F, 65504.0F}));
  EXPECT_EQ(read<std::uint16_t>(Dtype::BF16, {0x3F80, 0xC000, 0x3E9A}), (std::vector<float>{1.0F, -2.0F, 0.30078125F}));
  EXPECT_EQ(read<float>(Dtype::F32, {1.5F, -0.1F}), (std::vector<float>{1.5F, -0.1F}));
  EXPECT_EQ(read<double>(Dtype::F64, {1.5, 0.1}), (std::vector<float>{1.5F, 0.1F}));
}

TEST(Floats, WhichDtypes) {
  for (const Dtype dtype : {Dtype::F16, Dtype::BF16, Dtype::F32, Dtype::F64}) EXPECT_TRUE(is_floating(dtype));
  for (const Dtype dtype : {Dtype::Bool, Dtype::I64, Dtype::U8, Dtype::F8E4M3}) EXPECT_FALSE(is_floating(dtype));
}

}  // namespace
}  // namespace zlens
