// Parsing of a safetensors header, apart from mapping so that tests and fuzzers need no file.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "io/safetensors.h"

namespace zlens {

struct SafetensorsHeader {
  std::size_t data_offset = 0;  // of the data section in the file
  std::map<std::string, TensorInfo> tensors;
  std::map<std::string, std::string> metadata;
};

constexpr std::size_t kMaxSafetensorsHeader = 100'000'000;
constexpr std::size_t kMaxTensorName = 512;
constexpr std::size_t kMaxTensors = 1'000'000;

// `file` is the whole file, `subject` its name for errors. Throws InputError as Safetensors::open does.
SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file, std::string_view subject);

// Bytes of a tensor, or -1 where the product overflows or a dimension is negative.
std::int64_t tensor_bytes(Dtype dtype, const std::vector<std::int64_t>& shape);

}  // namespace zlens
