#include "eval/tasks/easyvqa.h"

#include "eval/data_entry.h"
#include "io/error.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

std::string field_of(const std::string& answer) {
  if (answer == "yes" || answer == "no") return "yes/no";
  return answer == "circle" || answer == "rectangle" || answer == "triangle" ? "shape" : "color";
}

Sample read_entry(const fs::path& folder, const DataEntry& entry) {
  Sample sample;
  sample.question = entry.text("question");
  sample.references = {entry.text("answer")};
  sample.field = field_of(sample.references[0]);
  sample.image_names = {"images/" + entry.identifier("image") + ".png"};
  sample.images = {image_below(folder, sample.image_names[0], entry)};
  return sample;
}

class EasyVqaTask : public Task {
 public:
  std::string_view name() const override { return "easyvqa"; }
  std::string_view description() const override {
    return "easy-VQA: <split>/questions.json, <split>/images/<number>.png; exact_match";
  }
  std::string_view metric() const override { return "exact_match"; }
  std::string_view prompt() const override { return "vqa-brief"; }
  // "rectangle" where a token is a letter, and some to spare: an answer that goes on must not count as right.
  std::int64_t max_new_tokens() const override { return 16; }

  std::vector<Sample> read(const fs::path& data, const std::string& split) const override {
    require_split_name(split);
    const fs::path file = data / split / "questions.json";
    const Json document = read_json_file(file, kDataJson);
    std::vector<Sample> samples;
    for (const Json& value : require_entries(document, file, "the file")) {
      const std::string where = "entry " + std::to_string(samples.size());
      if (!value.is_array() || value.size() != 3 || !value[2].is_number_unsigned()) {
        throw InputError(file.string() + ": " + where + ": is not [question, answer, image number]");
      }
      const Json named = {{"question", value[0]}, {"answer", value[1]}, {"image", value[2]}};
      samples.push_back(read_entry(data / split, DataEntry(file, where, named)));
      samples.back().id = std::to_string(samples.size() - 1);
    }
    return samples;
  }
};

}  // namespace

std::unique_ptr<const Task> make_easyvqa_task() {
  return std::make_unique<EasyVqaTask>();
}

}  // namespace zlens
