// Parsing of GGUF bytes, apart from mapping so that tests and fuzzers need no file.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "io/gguf.h"

namespace zlens {

struct GgufContents {
  std::map<std::string, GgufValue> metadata;
  std::map<std::string, GgufTensor> tensors;
};

// `file` is the whole file, `subject` its name for errors. Throws InputError as Gguf::open does.
GgufContents parse_gguf(std::span<const std::byte> file, std::string_view subject);

// A value as an integer, where it is one and fits.
std::optional<std::int64_t> integer_value(const GgufValue& value);

}  // namespace zlens
