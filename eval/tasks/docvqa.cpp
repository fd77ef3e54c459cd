#include "eval/tasks/docvqa.h"

#include <algorithm>
#include <utility>

#include "eval/data_entry.h"
#include "io/error.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

// `<split>_v1.0.json` and the like, sorted.
std::vector<std::string> versioned_files(const fs::path& folder, const std::string& split) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(split + "_v") && name.ends_with(".json")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path split_file(const fs::path& folder, const std::string& split) {
  require_split_name(split);
  if (!fs::is_directory(folder))
    throw InputError(folder.string() + ": is not a folder; --data names the one with " + split + ".json");
  if (fs::exists(folder / (split + ".json"))) return folder / (split + ".json");
  const std::vector<std::string> names = versioned_files(folder, split);
  if (names.size() == 1) return folder / names[0];
  if (names.empty()) throw InputError(folder.string() + ": neither " + split + ".json nor " + split + "_v*.json is there");
  throw InputError(folder.string() + ": several files fit the split '" + split + "': " + joined(names) + "; keep one, or name it " +
                   split + ".json");
}

Sample read_entry(const fs::path& folder, const DataEntry& entry) {
  Sample sample;
  sample.id = entry.identifier("questionId");
  sample.question = entry.text("question");
  sample.field = entry.optional_text("field");
  sample.references = entry.optional_texts("answers");
  sample.image_names = {entry.text("image")};
  sample.images = {image_below(folder, sample.image_names[0], entry)};
  return sample;
}

class DocVqaTask : public Task {
 public:
  explicit DocVqaTask(TaskDescription description) : description_(std::move(description)) {}
  std::string_view name() const override { return description_.name; }
  std::string_view description() const override { return description_.description; }
  std::string_view metric() const override { return description_.metric; }
  std::string_view prompt() const override { return description_.prompt; }
  std::int64_t max_new_tokens() const override { return description_.max_new_tokens; }

  std::vector<Sample> read(const fs::path& data, const std::string& split) const override {
    const fs::path file = split_file(data, split);
    const Json document = read_json_file(file, kDataJson);
    if (!document.is_object() || !document.contains("data")) {
      throw InputError(file.string() + ": has no list 'data'; the " + description_.name +
                       " format is {\"data\": [{\"questionId\", …}]}");
    }
    std::vector<Sample> samples;
    for (const Json& value : require_entries(document["data"], file, "'data'")) {
      samples.push_back(read_entry(data, DataEntry(file, "entry " + std::to_string(samples.size()), value)));
    }
    require_unique_ids(samples, file);
    return samples;
  }

 private:
  TaskDescription description_;
};

}  // namespace

std::unique_ptr<const Task> make_docvqa_task(TaskDescription description) {
  return std::make_unique<DocVqaTask>(std::move(description));
}

}  // namespace zlens
