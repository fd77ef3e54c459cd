#include "eval/tasks/chartqa.h"

#include <iterator>

#include "eval/data_entry.h"
#include "io/error.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

fs::path split_folder(const fs::path& data, const std::string& split) {
  require_split_name(split);
  for (const fs::path& root : {data, data / "ChartQA Dataset"}) {
    if (fs::is_directory(root / split)) return root / split;
  }
  throw InputError(data.string() + ": has neither " + split + "/ nor 'ChartQA Dataset'/" + split +
                   "/; --data names the folder with " + split + "/" + split + "_human.json");
}

Sample read_entry(const fs::path& folder, const DataEntry& entry) {
  Sample sample;
  sample.question = entry.text("query");
  sample.image_names = {entry.text("imgname")};
  if (sample.image_names[0].find('/') != std::string::npos) entry.fail("'imgname' is not a plain file name");
  sample.images = {image_below(folder / "png", sample.image_names[0], entry)};
  if (entry.has("label")) sample.references = {entry.text("label")};
  return sample;
}

std::vector<Sample> read_half(const fs::path& folder, const std::string& split, const std::string& half) {
  const fs::path file = folder / (split + "_" + half + ".json");
  if (!fs::exists(file)) return {};
  const Json document = read_json_file(file, kDataJson);
  std::vector<Sample> samples;
  for (const Json& value : require_entries(document, file, "the file")) {
    const std::string index = std::to_string(samples.size());
    Sample sample = read_entry(folder, DataEntry(file, "entry " + index, value));
    sample.id = half + "-" + index;
    sample.field = half;
    samples.push_back(std::move(sample));
  }
  return samples;
}

class ChartQaTask : public Task {
 public:
  std::string_view name() const override { return "chartqa"; }
  std::string_view description() const override {
    return "ChartQA: <split>/<split>_human.json, <split>/<split>_augmented.json, <split>/png/; relaxed_accuracy";
  }
  std::string_view metric() const override { return "relaxed_accuracy"; }
  std::string_view prompt() const override { return "chart-brief"; }
  std::int64_t max_new_tokens() const override { return 16; }

  std::vector<Sample> read(const fs::path& data, const std::string& split) const override {
    const fs::path folder = split_folder(data, split);
    std::vector<Sample> samples = read_half(folder, split, "human");
    std::vector<Sample> augmented = read_half(folder, split, "augmented");
    std::move(augmented.begin(), augmented.end(), std::back_inserter(samples));
    if (samples.empty())
      throw InputError(folder.string() + ": has neither " + split + "_human.json nor " + split + "_augmented.json");
    return samples;
  }
};

}  // namespace

std::unique_ptr<const Task> make_chartqa_task() {
  return std::make_unique<ChartQaTask>();
}

}  // namespace zlens
