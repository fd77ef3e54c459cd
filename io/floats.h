// Stored floating-point numbers as float32.
#pragma once

#include <cstddef>
#include <span>

#include "io/safetensors.h"

namespace zlens {

bool is_floating(Dtype dtype);  // F16, BF16, F32, F64: what to_floats reads

// out.size() little-endian numbers from the start of `bytes`, which must hold as many. F64 is rounded. Thread-safe.
void to_floats(Dtype dtype, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace zlens
