#include "eval/data_entry.h"

#include <algorithm>
#include <unordered_set>

#include "io/error.h"

namespace zlens {
namespace {

constexpr DataLimits kLimits;

}  // namespace

DataEntry::DataEntry(const std::filesystem::path& file, std::string where, const Json& value)
    : file_(file), where_(std::move(where)), value_(value) {
  if (!value.is_object()) fail("is not an object");
}

void DataEntry::fail(const std::string& problem) const {
  throw InputError(file_.string() + ": " + where_ + ": " + problem);
}

bool DataEntry::has(const char* key) const {
  const auto found = value_.find(key);
  return found != value_.end() && !found->is_null();
}

const Json& DataEntry::at(const char* key) const {
  if (!has(key)) fail("'" + std::string(key) + "' is missing");
  return *value_.find(key);
}

std::string DataEntry::checked_text(const Json& value, const std::string& key) const {
  if (!value.is_string()) fail("'" + key + "' is not a string");
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > kLimits.text_bytes) {
    fail("'" + key + "' has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(kLimits.text_bytes) +
         " are read");
  }
  return text;
}

std::string DataEntry::text(const char* key) const {
  return checked_text(at(key), key);
}

std::string DataEntry::optional_text(const char* key) const {
  return has(key) ? text(key) : std::string();
}

std::string DataEntry::identifier(const char* key) const {
  const Json& value = at(key);
  if (value.is_number_integer()) return value.dump();
  if (!value.is_string()) fail("'" + std::string(key) + "' is neither a string nor an integer");
  std::string id = text(key);
  if (id.empty()) fail("'" + std::string(key) + "' is empty");
  return id;
}

std::vector<std::string> DataEntry::texts(const char* key) const {
  const Json& value = at(key);
  if (!value.is_array()) fail("'" + std::string(key) + "' is not a list");
  if (value.size() > kLimits.list_items) {
    fail("'" + std::string(key) + "' has " + std::to_string(value.size()) + " items, at most " +
         std::to_string(kLimits.list_items) + " are read");
  }
  std::vector<std::string> out;
  for (const Json& item : value) {
    const std::string name = std::string(key) + "[" + std::to_string(out.size()) + "]";
    out.push_back(item.is_number() ? item.dump() : checked_text(item, name));
  }
  return out;
}

std::vector<std::string> DataEntry::optional_texts(const char* key) const {
  return has(key) ? texts(key) : std::vector<std::string>();
}

std::filesystem::path image_below(const std::filesystem::path& folder, const std::string& name, const DataEntry& entry) {
  const std::filesystem::path path(name);
  const bool control = std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '\\'; });
  if (name.empty() || control || path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end()) {
    entry.fail("image name '" + printable(name) + "' is not a plain path below " + folder.string());
  }
  return folder / path;
}

void require_unique_ids(const std::vector<Sample>& samples, const std::filesystem::path& file) {
  std::unordered_set<std::string_view> seen;
  for (const Sample& sample : samples) {
    if (!seen.insert(sample.id).second) {
      throw InputError(file.string() + ": two entries have the id '" + printable(sample.id) + "'; ids must be unique");
    }
  }
}

const Json& require_entries(const Json& value, const std::filesystem::path& file, const std::string& what) {
  if (!value.is_array()) throw InputError(file.string() + ": " + what + " is not a list");
  if (value.empty()) throw InputError(file.string() + ": " + what + " is empty");
  if (value.size() > kLimits.samples) {
    throw InputError(file.string() + ": " + std::to_string(value.size()) + " entries, at most " + std::to_string(kLimits.samples) +
                     " are read");
  }
  return value;
}

void require_split_name(const std::string& split) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; };
  if (split.empty() || split[0] == '.' || split.size() > 100 || !std::all_of(split.begin(), split.end(), allowed)) {
    throw InputError("split '" + printable(split) + "' is not a name of letters, digits, '_', '-' and '.'");
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace zlens
