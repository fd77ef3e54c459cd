// JSON from untrusted files: bounded depth, no duplicate keys, strict UTF-8.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace zlens {

using Json = nlohmann::json;

struct JsonLimits {
  int max_depth = 64;                            // arrays and objects within each other
  std::size_t max_bytes = std::size_t{1} << 30;  // of the text
};

// The value of `text`. `subject` names the text in errors (a path, mostly).
// Throws InputError with the byte offset on syntax errors, duplicate keys, invalid UTF-8, too deep nesting, non-finite numbers
// and anything but white space after the value.
Json parse_json(std::string_view text, std::string_view subject, const JsonLimits& limits = {});

// Reads the whole file and parses it. Throws InputError where it cannot be read.
Json read_json_file(const std::filesystem::path& path, const JsonLimits& limits = {});

}  // namespace zlens
