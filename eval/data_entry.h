// One entry of a data set's JSON, read with checks. Free of torch.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "eval/task.h"
#include "io/json.h"

namespace zlens {

// What a data file may hold; generous for published sets, small enough for a laptop.
struct DataLimits {
  std::size_t samples = 2'000'000;
  std::size_t file_bytes = std::size_t{1} << 30;
  std::size_t text_bytes = 64 * 1024;  // a question, an answer, an id or a file name
  std::size_t list_items = 1000;       // answers, choices or images of one sample
};

// A view of entry `where` ("entry 3") of `file`; both it and the JSON must outlive this object.
// All members throw InputError naming file, entry and key.
class DataEntry {
 public:
  DataEntry(const std::filesystem::path& file, std::string where, const Json& value);

  bool has(const char* key) const;  // present and not null
  std::string text(const char* key) const;
  std::string optional_text(const char* key) const;       // "" where absent
  std::string identifier(const char* key) const;          // a string or an integer
  std::vector<std::string> texts(const char* key) const;  // a list of strings; a number counts as its text
  std::vector<std::string> optional_texts(const char* key) const;
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  const Json& at(const char* key) const;
  std::string checked_text(const Json& value, const std::string& key) const;
  const std::filesystem::path& file_;
  std::string where_;
  const Json& value_;
};

// `name` below `folder`. Refuses what could lead out of it: absolute names, `..`, backslashes and control characters.
std::filesystem::path image_below(const std::filesystem::path& folder, const std::string& name, const DataEntry& entry);

// Refuses two samples with one id, naming it.
void require_unique_ids(const std::vector<Sample>& samples, const std::filesystem::path& file);

// The list `value` of `file`, of at most DataLimits::samples entries and not empty.
const Json& require_entries(const Json& value, const std::filesystem::path& file, const std::string& what);

// Splits are file and folder names; anything but letters, digits, `_`, `-` and `.` inside is refused.
void require_split_name(const std::string& split);

// `a, b, c` for messages.
std::string joined(const std::vector<std::string>& names);

}  // namespace zlens
