#include "eval/predictions.h"

#include <algorithm>

#include "eval/data_entry.h"
#include "eval/run_folder.h"
#include "io/error.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;
using Predictions = std::unordered_map<std::string, std::string>;

const char* present_key(const DataEntry& entry, std::initializer_list<const char*> keys, const std::string& wanted) {
  for (const char* key : keys) {
    if (entry.has(key)) return key;
  }
  entry.fail("has no " + wanted);
}

void add(Predictions& out, const fs::path& file, const std::string& where, const Json& value) {
  const DataEntry entry(file, where, value);
  std::string id = entry.identifier(present_key(entry, {"id", "questionId", "question_id"}, "'id' or 'questionId'"));
  const char* key = present_key(entry, {"prediction", "answer"}, "'prediction' or 'answer'");
  std::string text = value[key].is_number() ? value[key].dump() : entry.text(key);
  if (!out.emplace(id, std::move(text)).second) entry.fail("a second prediction for the id '" + printable(id) + "'");
}

Predictions from_list(const fs::path& file, const std::string& text) {
  const Json list = parse_json(text, file.string(), kDataJson);
  Predictions out;
  std::size_t index = 0;
  for (const Json& value : require_entries(list, file, "the file")) add(out, file, "entry " + std::to_string(index++), value);
  return out;
}

Predictions from_lines(const fs::path& file, const std::string& text) {
  Predictions out;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view record = std::string_view(text).substr(begin, end - begin);
    const std::string where = "line " + std::to_string(++line);
    begin = end + 1;
    if (record.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    add(out, file, where, parse_json(record, file.string() + ": " + where));
  }
  if (out.empty()) throw InputError(file.string() + ": holds no predictions");
  return out;
}

}  // namespace

Predictions read_predictions(const fs::path& file) {
  if (fs::is_directory(file)) {
    Predictions out;
    const std::vector<StoredRecord> records = read_records(file / "samples.jsonl");
    for (const StoredRecord& stored : records) {
      if (stored.record.error.empty()) out.emplace(stored.record.id, stored.record.prediction);
    }
    if (records.empty()) throw InputError(file.string() + ": holds no samples.jsonl with records");
    return out;
  }
  const std::string text = read_text_file(file);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '[' ? from_list(file, text) : from_lines(file, text);
}

}  // namespace zlens
