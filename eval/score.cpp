#include "eval/score.h"

#include <set>
#include <unordered_set>

#include "eval/metrics.h"
#include "eval/record.h"
#include "eval/summary.h"
#include "io/error.h"

namespace zlens {
namespace {

void require_known_ids(const std::vector<Sample>& samples, const std::unordered_map<std::string, std::string>& predictions) {
  std::unordered_set<std::string_view> ids;
  for (const Sample& sample : samples) ids.insert(sample.id);
  std::size_t unknown = 0;
  std::string_view example;
  for (const auto& [id, unused] : predictions) {
    if (ids.contains(id)) continue;
    if (++unknown == 1 || id < example) example = id;
  }
  if (unknown == 0) return;
  throw InputError(std::to_string(unknown) + " of " + std::to_string(predictions.size()) +
                   " predictions are for ids that the data set has not, such as '" + printable(example) +
                   "'; check --data and --split");
}

std::set<std::string> excluded_by(const Json& config, const std::filesystem::path& file) {
  std::set<std::string> out;
  const Json list = config.value("exclude", Json::array());  // runs of older versions say nothing
  for (const Json& id : list) {
    if (!id.is_string()) throw InputError(file.string() + ": key 'exclude' is no list of ids");
    out.insert(id.get<std::string>());
  }
  return out;
}

}  // namespace

ScoreResult score_predictions(const Task& task, const std::vector<Sample>& samples,
                              const std::unordered_map<std::string, std::string>& predictions, const std::string& metric) {
  require_known_ids(samples, predictions);
  const std::string name = metric.empty() ? std::string(task.metric()) : metric;
  ScoreResult result;
  std::vector<SampleRecord> records;
  for (Sample sample : samples) {
    if (!metric.empty()) sample.metric = metric;
    const auto found = predictions.find(sample.id);
    Answer answer;
    if (found != predictions.end()) answer.prediction = found->second;
    records.push_back(make_record(sample, answer, name));
    if (found != predictions.end()) continue;
    result.missing.push_back(sample.id);
    if (records.back().score) records.back().score = 0;
  }
  result.summary = summarize(task.name(), name, records);
  for (const char* key : {"tokens_mean", "first_pass_s", "second_pass_s", "failed"}) result.summary.erase(key);
  result.summary["missing"] = result.missing.size();
  result.summary["metric_variant"] = find_metric(name).variant;
  return result;
}

std::vector<Sample> samples_to_score(const Task& task, const std::filesystem::path& data, const std::string& split,
                                     const std::filesystem::path& run_or_file) {
  std::vector<Sample> samples = task.read(data, split);
  const std::filesystem::path config_file = run_or_file / "config.json";
  if (!std::filesystem::is_directory(run_or_file) || !std::filesystem::exists(config_file)) return samples;
  const Json config = read_json_file(config_file);
  const Json limit = config.is_object() ? config.value("limit", Json()) : Json();
  if (!limit.is_number_unsigned()) throw InputError(config_file.string() + ": key 'limit' is missing or not a count");
  const std::set<std::string> excluded = excluded_by(config, config_file);
  std::erase_if(samples, [&](const Sample& sample) { return excluded.contains(sample.id); });
  if (limit.get<std::size_t>() > 0 && limit.get<std::size_t>() < samples.size()) samples.resize(limit.get<std::size_t>());
  return samples;
}

}  // namespace zlens
