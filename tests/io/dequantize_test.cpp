#include "io/dequantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "io/gguf.h"
#include "io/safetensors.h"

namespace zlens {
namespace {

const GgmlType kQuantised[] = {GgmlType::Q4_0, GgmlType::Q4_1, GgmlType::Q5_0, GgmlType::Q5_1,
                               GgmlType::Q8_0, GgmlType::Q4_K, GgmlType::Q5_K, GgmlType::Q6_K};

// The expected floats are those of the gguf package; compared bit by bit.
class AgainstReference : public ::testing::TestWithParam<const char*> {
 protected:
  std::shared_ptr<const Gguf> file = Gguf::open(std::string(ZLENS_FIXTURES) + "/gguf/types.gguf");
  std::shared_ptr<const Safetensors> expected = Safetensors::open(std::string(ZLENS_FIXTURES) + "/gguf/expected.safetensors");
};

TEST_P(AgainstReference, EqualBits) {
  const GgufTensor& tensor = file->tensors().at(GetParam());
  ASSERT_STREQ(ggml_type_name(tensor.type), GetParam());
  const TensorInfo& info = expected->tensors().at(GetParam());
  ASSERT_EQ(tensor.shape, info.shape);
  std::vector<float> values(3 * 512);
  file->dequantize(tensor, 0, values);
  EXPECT_EQ(std::memcmp(values.data(), expected->data(info).data(), values.size() * sizeof(float)), 0);
}

TEST_P(AgainstReference, PartsEqualTheWhole) {
  const GgufTensor& tensor = file->tensors().at(GetParam());
  const std::size_t block = block_layout(tensor.type).values;
  std::vector<float> whole(3 * 512), parts(3 * 512);
  file->dequantize(tensor, 0, whole);
  std::size_t step = block;
  for (std::size_t first = 0; first < parts.size(); first += step, step += block) {
    step = std::min(step, parts.size() - first);
    file->dequantize(tensor, first, std::span(parts).subspan(first, step));
  }
  EXPECT_EQ(std::memcmp(whole.data(), parts.data(), whole.size() * sizeof(float)), 0);
}

INSTANTIATE_TEST_SUITE_P(AllTypes, AgainstReference,
                         ::testing::Values("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"));

float half_by_definition(unsigned bits) {
  const int exponent = bits >> 10 & 31;
  const float fraction = static_cast<float>(bits & 1023) / 1024.0F;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * (exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1.0F + fraction, exponent - 15));
}

TEST(Dequantize, EveryHalf) {
  std::vector<std::uint16_t> halves(65536);
  for (unsigned bits = 0; bits < 65536; ++bits) halves[bits] = static_cast<std::uint16_t>(bits);
  std::vector<float> values(65536);
  dequantize_blocks(GgmlType::F16, std::as_bytes(std::span(halves)), values);
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const float expected = half_by_definition(bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(values[bits])) << bits;
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(values[bits]), std::bit_cast<std::uint32_t>(expected)) << bits;
    }
  }
}

TEST(Dequantize, EveryBrainFloat) {
  std::vector<std::uint16_t> halves(65536);
  for (unsigned bits = 0; bits < 65536; ++bits) halves[bits] = static_cast<std::uint16_t>(bits);
  std::vector<float> values(65536);
  dequantize_blocks(GgmlType::BF16, std::as_bytes(std::span(halves)), values);
  for (unsigned bits = 0; bits < 65536; ++bits) ASSERT_EQ(std::bit_cast<std::uint32_t>(values[bits]), bits << 16);
}

TEST(Dequantize, AnyBytesAreReadInsideTheirBlocks) {
  std::mt19937 random(5);
  for (const GgmlType type : kQuantised) {
    const BlockLayout layout = block_layout(type);
    std::vector<std::byte> blocks(3 * layout.bytes);  // exactly sized, so that a sanitizer sees a step beyond
    for (std::byte& byte : blocks) byte = static_cast<std::byte>(random());
    std::vector<float> values(3 * layout.values), again(3 * layout.values);
    dequantize_blocks(type, blocks, values);
    std::vector<std::byte> unaligned(blocks);
    unaligned.insert(unaligned.begin(), std::byte{0});
    dequantize_blocks(type, std::span(unaligned).subspan(1), again);
    EXPECT_EQ(std::memcmp(values.data(), again.data(), values.size() * sizeof(float)), 0) << ggml_type_name(type);
  }
}

TEST(Dequantize, UnknownTypesHaveNoLayout) {
  for (const std::uint32_t code : {4U, 5U, 9U, 10U, 11U, 15U, 16U, 29U, 31U, 99U, ~0U}) {
    EXPECT_EQ(block_layout(static_cast<GgmlType>(code)).values, 0U) << code;
    EXPECT_STREQ(ggml_type_name(static_cast<GgmlType>(code)), "unknown");
  }
}

}  // namespace
}  // namespace zlens
