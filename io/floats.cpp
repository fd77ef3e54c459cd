#include "io/floats.h"

#include <cstring>

#include "io/dequantize.h"

namespace zlens {

bool is_floating(Dtype dtype) {
  return dtype == Dtype::F16 || dtype == Dtype::BF16 || dtype == Dtype::F32 || dtype == Dtype::F64;
}

void to_floats(Dtype dtype, std::span<const std::byte> bytes, std::span<float> out) {
  if (dtype != Dtype::F64) {
    const GgmlType type = dtype == Dtype::F16 ? GgmlType::F16 : dtype == Dtype::BF16 ? GgmlType::BF16 : GgmlType::F32;
    dequantize_blocks(type, bytes, out);
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    double value = 0;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    out[i] = static_cast<float>(value);
  }
}

}  // namespace zlens
