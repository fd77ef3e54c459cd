#include "eval/runner.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "eval/metrics.h"
#include "eval/record.h"
#include "eval/run_folder.h"
#include "eval/summary.h"
#include "io/error.h"
#include "io/mapped_file.h"
#include "io/sha256.h"

namespace zlens {
namespace {

constexpr std::int64_t kMaxBatch = 4096;

std::vector<Sample> read_samples(const Task& task, const RunOptions& options) {
  if (options.batch_size < 1 || options.batch_size > kMaxBatch) {
    throw InputError("batch size " + std::to_string(options.batch_size) + " is not in 1.." + std::to_string(kMaxBatch));
  }
  if (options.limit < 0) throw InputError("limit " + std::to_string(options.limit) + " is negative; 0 means all samples");
  std::vector<Sample> samples = task.read(options.data, options.split);
  std::erase_if(samples, [&](const Sample& sample) { return options.exclude.contains(sample.id); });
  if (samples.empty()) throw InputError("the split '" + options.split + "' holds no sample that is not excluded");
  if (options.limit > 0 && static_cast<std::size_t>(options.limit) < samples.size())
    samples.resize(static_cast<std::size_t>(options.limit));
  return samples;
}

std::string variant_of(const std::string& metric, const std::vector<Sample>& samples) {
  std::string out(find_metric(metric).variant);
  std::map<std::string, std::string> others;
  for (const Sample& sample : samples) {
    if (!sample.metric.empty() && sample.metric != metric) others[sample.metric] = find_metric(sample.metric).variant;
  }
  for (const auto& [name, variant] : others) out += "; " + name + " = " + variant;
  return out;
}

Json make_config(const Task& task, const Answerer& answerer, const RunOptions& options, const std::vector<Sample>& samples) {
  const std::string metric(task.metric());
  return {{"format", "zlens.run.1"},
          {"zlens_version", ZLENS_VERSION},
          {"task", task.name()},
          {"data", std::filesystem::absolute(options.data).lexically_normal().string()},
          {"split", options.split},
          {"data_sha256", samples_sha256(samples)},
          {"files_sha256", files_sha256(samples, [&](const Sample& sample) { return answerer.files(sample); })},
          {"samples", samples.size()},
          {"limit", options.limit},
          {"exclude", options.exclude},
          {"batch_size", options.batch_size},
          {"metric", metric},
          {"metric_variant", variant_of(metric, samples)},
          {"prompt", options.prompt_name},
          {"prompt_variant", options.prompt_name + "@" + options.prompt_sha256},
          {"seed", options.seed},
          {"answerer", answerer.config()}};
}

// The state of a run between its batches.
class Run {
 public:
  Run(const Task& task, Answerer& answerer, const RunOptions& options)
      : task_(task),
        answerer_(answerer),
        options_(options),
        samples_(read_samples(task, options)),
        batches_(plan_batches(samples_, options.batch_size)),
        records_(samples_.size()),
        folder_(options.out, make_config(task, answerer, options, samples_), options.resume) {}

  RunResult go() {
    take_stored();
    const std::int64_t already = done_;
    report(already);
    for (const auto& batch : batches_) {
      if (records_[batch[0]]) continue;
      if (options_.stop && options_.stop()) return interrupted();
      ask(batch);
      report(already);
    }
    return finished();
  }

 private:
  // Takes the stored records of whole batches; the log then holds exactly these.
  void take_stored() {
    std::unordered_map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < samples_.size(); ++i) index.emplace(samples_[i].id, i);
    for (const StoredRecord& stored : folder_.stored()) {
      const auto found = index.find(stored.record.id);
      if (found == index.end()) {
        throw InputError((options_.out / "samples.jsonl").string() + ": the record at byte " + std::to_string(stored.offset) +
                         " has the id '" + printable(stored.record.id) + "', which the data set has not");
      }
      records_[found->second] = stored.record;
    }
    for (const auto& batch : batches_) {
      if (!std::all_of(batch.begin(), batch.end(), [&](std::size_t i) { return records_[i].has_value(); })) {
        for (const std::size_t i : batch) records_[i].reset();
      }
    }
    std::vector<SampleRecord> kept;
    for (const auto& batch : batches_) {
      for (const std::size_t i : batch) {
        if (records_[i]) kept.push_back(*records_[i]);
      }
    }
    done_ = static_cast<std::int64_t>(kept.size());
    folder_.keep(kept);
  }

  void ask(const std::vector<std::size_t>& batch) {
    std::vector<Sample> asked;
    for (const std::size_t i : batch) asked.push_back(samples_[i]);
    const std::vector<Answer> answers = answerer_.answer(asked);
    if (answers.size() != asked.size()) {
      throw Error("the model gave " + std::to_string(answers.size()) + " answers to a batch of " + std::to_string(asked.size()));
    }
    for (std::size_t k = 0; k < batch.size(); ++k) {
      SampleRecord record = make_record(asked[k], answers[k], task_.metric());
      folder_.append(record);
      records_[batch[k]] = std::move(record);
    }
    done_ += static_cast<std::int64_t>(batch.size());
  }

  void report(std::int64_t already) const {
    if (options_.progress) options_.progress(done_, static_cast<std::int64_t>(samples_.size()), already);
  }

  RunResult interrupted() {
    folder_.sync();
    RunResult result{.samples = done_, .interrupted = true};
    for (const auto& record : records_) result.failed += record && !record->error.empty() ? 1 : 0;
    return result;
  }

  RunResult finished() {
    std::vector<SampleRecord> ordered;
    for (auto& record : records_) ordered.push_back(std::move(*record));
    RunResult result{.summary = summarize(task_.name(), task_.metric(), ordered), .samples = done_};
    result.failed = result.summary["failed"].get<std::int64_t>();
    folder_.finish(ordered, result.summary);
    return result;
  }

  const Task& task_;
  Answerer& answerer_;
  const RunOptions& options_;
  std::vector<Sample> samples_;
  std::vector<std::vector<std::size_t>> batches_;
  std::vector<std::optional<SampleRecord>> records_;  // by sample
  RunFolder folder_;
  std::int64_t done_ = 0;
};

}  // namespace

std::vector<std::vector<std::size_t>> plan_batches(const std::vector<Sample>& samples, std::int64_t batch_size) {
  std::map<std::vector<std::string>, std::size_t> first_with;  // images → the first sample that asks about them
  std::vector<std::pair<std::size_t, std::size_t>> order;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool alone = samples[i].image_names.empty();
    order.emplace_back(alone ? i : first_with.emplace(samples[i].image_names, i).first->second, i);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::vector<std::size_t>> batches;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i % static_cast<std::size_t>(batch_size) == 0) batches.emplace_back();
    batches.back().push_back(order[i].second);
  }
  return batches;
}

std::string samples_sha256(const std::vector<Sample>& samples) {
  Sha256 hash;
  for (const Sample& sample : samples) {
    const Json json = {sample.id,         sample.field,   sample.question, sample.image_names,
                       sample.references, sample.choices, sample.metric};
    hash.update(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }
  return hash.hex();
}

std::string files_sha256(const std::vector<Sample>& samples,
                         const std::function<std::vector<std::filesystem::path>(const Sample&)>& files_of) {
  Sha256 hash;
  std::set<std::filesystem::path> known;
  for (const Sample& sample : samples) {
    for (const std::filesystem::path& file : files_of(sample)) {
      if (!known.insert(file).second) continue;
      try {
        hash.update(sha256_hex(MappedFile::open(file)->bytes()));
      } catch (const Error&) {
        hash.update("unreadable");
      }
    }
  }
  return hash.hex();
}

RunResult run_evaluation(const Task& task, Answerer& answerer, const RunOptions& options) {
  return Run(task, answerer, options).go();
}

}  // namespace zlens
