#include "eval/tasks/jsonl.h"

#include <algorithm>

#include "eval/data_entry.h"
#include "eval/metrics.h"
#include "io/error.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

fs::path data_file(const fs::path& data, const std::string& split) {
  if (fs::is_regular_file(data)) return data;
  require_split_name(split);
  if (!fs::is_directory(data)) throw InputError(data.string() + ": is neither a .jsonl file nor a folder with " + split + ".jsonl");
  return data / (split + ".jsonl");
}

// The list under `plural`, or the single text under `singular`.
std::vector<std::string> one_or_many(const DataEntry& entry, const char* plural, const char* singular) {
  if (!entry.has(singular)) return entry.optional_texts(plural);
  if (entry.has(plural)) entry.fail("has both '" + std::string(plural) + "' and '" + singular + "'");
  return {entry.text(singular)};
}

Sample read_entry(const fs::path& folder, const DataEntry& entry, std::size_t line) {
  Sample sample;
  sample.id = entry.has("id") ? entry.identifier("id") : std::to_string(line);
  sample.question = entry.text("question");
  sample.image_names = one_or_many(entry, "images", "image");
  sample.references = one_or_many(entry, "answers", "answer");
  sample.choices = entry.optional_texts("choices");
  sample.field = entry.optional_text("field");
  sample.metric = entry.optional_text("metric");
  if (sample.metric.empty() && !sample.choices.empty()) sample.metric = "choice";
  if (!sample.metric.empty()) find_metric(sample.metric);
  if (sample.choices.size() > 26)
    entry.fail("'choices' has " + std::to_string(sample.choices.size()) + " options, at most 26 get a letter");
  if (sample.metric == "choice" && sample.choices.empty()) entry.fail("metric 'choice' needs 'choices'");
  for (const std::string& name : sample.image_names) {
    if (name.empty() || name.find('\0') != std::string::npos) entry.fail("an image name is empty or not a path");
    sample.images.push_back(folder / name);
  }
  return sample;
}

class JsonlTask : public Task {
 public:
  std::string_view name() const override { return "jsonl"; }
  std::string_view description() const override {
    return "your own: <split>.jsonl (or the file itself), a line each {id, question, images, answers[, metric, choices, field]}";
  }
  std::string_view metric() const override { return "exact_match"; }
  std::string_view prompt() const override { return "plain"; }
  std::int64_t max_new_tokens() const override { return 64; }

  std::vector<Sample> read(const fs::path& data, const std::string& split) const override {
    const fs::path file = data_file(data, split);
    const std::string text = read_text_file(file);
    std::vector<Sample> samples;
    std::size_t line = 0;
    for (std::size_t begin = 0; begin < text.size(); ++line) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view record = std::string_view(text).substr(begin, end - begin);
      begin = end + 1;
      if (record.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      read_line(file, record, line + 1, samples);
    }
    if (samples.empty()) throw InputError(file.string() + ": holds no samples");
    require_unique_ids(samples, file);
    return samples;
  }

 private:
  static void read_line(const fs::path& file, std::string_view record, std::size_t line, std::vector<Sample>& samples) {
    const std::string where = "line " + std::to_string(line);
    if (samples.size() == DataLimits().samples) throw InputError(file.string() + ": " + where + ": more samples than can be read");
    const Json value = parse_json(record, file.string() + ": " + where);
    const DataEntry entry(file, where, value);
    try {
      samples.push_back(read_entry(file.parent_path(), entry, line));
    } catch (const InputError& error) {
      const std::string what = error.what();
      if (what.starts_with(file.string())) throw;
      entry.fail(what);
    }
  }
};

}  // namespace

std::unique_ptr<const Task> make_jsonl_task() {
  return std::make_unique<JsonlTask>();
}

}  // namespace zlens
