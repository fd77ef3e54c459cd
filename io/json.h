// JSON from untrusted files: bounded depth, no duplicate keys, strict UTF-8.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace zlens {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  // its objects keep the order of insertion

// The default is for configs. Values are counted because they, not the text, bound memory: one of two bytes may take 200 when
// parsed.
struct JsonLimits {
  int max_depth = 64;                             // arrays and objects within each other
  std::size_t max_bytes = std::size_t{4} << 20;   // of the text
  std::size_t max_values = std::size_t{1} << 18;  // arrays and objects count, too; keys do not
};

// Files that list a vocabulary or the tensors of a checkpoint (Gemma's tokenizer.json: 2 million values in 33 MB).
inline constexpr JsonLimits kTableJson{.max_bytes = std::size_t{128} << 20, .max_values = std::size_t{1} << 22};
// Data sets and predictions, which the user chose.
inline constexpr JsonLimits kDataJson{.max_bytes = std::size_t{1} << 30, .max_values = std::size_t{1} << 26};

// The value of `text`. `subject` names the text in errors (a path, mostly).
// Throws InputError with the byte offset on syntax errors, duplicate keys, invalid UTF-8, too deep nesting, too many values,
// non-finite numbers and anything but white space after the value.
Json parse_json(std::string_view text, std::string_view subject, const JsonLimits& limits = {});

// Reads the whole file and parses it. Throws InputError where it cannot be read.
Json read_json_file(const std::filesystem::path& path, const JsonLimits& limits = {});

}  // namespace zlens
