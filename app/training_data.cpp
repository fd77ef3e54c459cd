#include "app/training_data.h"

#include <algorithm>

#include "app/expert_selection.h"
#include "eval/runner.h"
#include "experts/base_hash.h"
#include "io/error.h"
#include "io/user_folders.h"

namespace zlens {
namespace {

std::unique_ptr<const Reward> make_reward(const po::variables_map& values, const std::string& metric) {
  const std::string reward = values.contains("reward") ? text_of(values, "reward") : metric;
  if (reward == "random") return std::make_unique<RandomReward>(values["seed"].as<std::uint64_t>());
  return std::make_unique<MetricReward>(reward);
}

class Gatherer {
 public:
  Gatherer(const po::variables_map& values, const Session& session) : values_(values), session_(session) {}

  TrainingData of_task(const Task& task) {
    const std::string metric(task.metric());
    out_.reward = make_reward(values_, metric);
    out_.prompt = load_prompt("prompt", std::string(task.prompt()));
    out_.prompt_variant = out_.prompt->name() + "@" + out_.prompt->sha256();
    const auto read = [&](const std::string& split) {
      return select_samples(task.read(required(values_, "data"), split), listed(text_of(values_, "fields")));
    };
    if (values_.contains("warm-prompt")) out_.warm_prompt = load_prompt("warm-prompt", "");
    const auto source = [&](const PromptTemplate& prompt) { return TaskStream::Source{&session_.preparer(), &prompt, metric, {}}; };
    std::vector<Sample> samples = training_part(read(text_of(values_, "split")));
    if (out_.warm_prompt) out_.warm = std::make_unique<TaskStream>(samples, source(*out_.warm_prompt));
    out_.train = std::make_unique<TaskStream>(std::move(samples), source(*out_.prompt));
    if (validates())
      out_.validation =
          std::make_unique<TaskStream>(validation_part(read(text_of(values_, "validation-split"))), source(*out_.prompt));
    if (out_.warm_prompt) out_.seen["warm_prompt"] = out_.warm_prompt->sha256();
    return std::move(out_);
  }

  // Samples of each expert's own data and of what no expert is for, asked for as a dispatcher would; the answer is the category.
  TrainingData of_dispatch(const Task& task) {
    const LanguageModel& model = *session_.model();
    auto experts = std::make_shared<const ExpertSet>(
        experts_of_base(text_of(values_, "experts"), base_hash(model, user_cache_folder())).experts);
    out_.reward = make_reward(values_, "exact_match");
    out_.prompt_variant = "dispatch";
    const TaskStream::Source source{&session_.preparer(), nullptr, "exact_match",
                                    [&model, experts](const PreparedRequest& request) {
                                      const DispatchRequest asked{request.question, request.context, {}, request.inputs};
                                      return dispatch_prompt(model, *experts, asked, {.describe = false});
                                    }};
    const auto read = [&](const std::string& split) {
      std::vector<Sample> all;
      for (const std::string& entry : listed(required(values_, "data"))) append(all, task, *experts, entry, split);
      return all;
    };
    out_.train = std::make_unique<TaskStream>(training_part(read(text_of(values_, "split"))), source);
    if (validates())
      out_.validation = std::make_unique<TaskStream>(validation_part(read(text_of(values_, "validation-split"))), source);
    for (const auto& expert : *experts) out_.seen["experts"][expert->name] = expert->sha256;
    return std::move(out_);
  }

 private:
  bool validates() const { return text_of(values_, "validation-split") != "none"; }

  std::unique_ptr<const PromptTemplate> load_prompt(const char* flag, const std::string& fallback) const {
    return std::make_unique<const PromptTemplate>(
        PromptTemplate::load(values_.contains(flag) ? text_of(values_, flag) : fallback, assets_folder() / "prompts"));
  }

  std::vector<Sample> training_part(std::vector<Sample> samples) {
    if (const std::size_t limit = values_["limit"].as<std::size_t>(); limit > 0 && limit < samples.size()) samples.resize(limit);
    if (samples.empty()) throw InputError("the split '" + text_of(values_, "split") + "' holds no sample of the chosen fields");
    out_.data_sha256 = samples_sha256(samples);
    out_.seen["files_sha256"] = hash_of_files(samples);
    return samples;
  }

  std::vector<Sample> validation_part(std::vector<Sample> samples) {
    out_.seen["validation_sha256"] = samples_sha256(samples);
    out_.seen["validation_files_sha256"] = hash_of_files(samples);
    return samples;
  }

  std::string hash_of_files(const std::vector<Sample>& samples) const {
    return files_sha256(samples, [&](const Sample& sample) { return session_.preparer().files(sample.images); });
  }

  static void append(std::vector<Sample>& all, const Task& task, const ExpertSet& experts, const std::string& entry,
                     const std::string& split) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos)
      throw InputError("--data of the task dispatch is EXPERT=DIR,… (others=DIR: what the base answers), but '" + printable(entry) +
                       "' names no expert");
    const std::string name = entry.substr(0, equals);
    const bool known =
        name == kOthers || std::any_of(experts.begin(), experts.end(), [&](const auto& expert) { return expert->name == name; });
    if (!known) throw InputError("--data names the expert '" + printable(name) + "', which is not in --experts for this base");
    for (Sample& sample : task.read(entry.substr(equals + 1), split)) {
      sample.references = {name};
      sample.choices.clear();
      sample.metric.clear();
      sample.field = name;
      all.push_back(std::move(sample));
    }
  }

  const po::variables_map& values_;
  const Session& session_;
  TrainingData out_;
};

}  // namespace

po::options_description training_data_flags() {
  po::options_description flags("Data", 110, 60);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  flags.add_options()("task,t", text("T"),
                      "a task ('zlens tasks' lists them), or dispatch: which expert of --experts a question is for")(
      "data", text("DIR"), "the data set as its authors distribute it; dispatch: EXPERT=DIR,…,others=DIR in the format of jsonl")(
      "split", text("S")->default_value("train"), "what is learnt from")("validation-split", text("S")->default_value("val"),
                                                                         "what picks the best step; none: the last step is kept")(
      "fields", text("F,…")->default_value(""), "only samples of these fields")(
      "limit", po::value<std::size_t>()->default_value(0)->value_name("N"), "only the first N training samples; 0: all")(
      "prompt", text("NAME"), "prompt template; default: the task's")(
      "warm-prompt", text("NAME"), "the prompt that the base answers with in the warm start; default: --prompt")(
      "reward", text("METRIC"), "a metric, or random (a control); default: the task's metric");
  return flags;
}

TrainingData gather_training_data(const po::variables_map& values, const Session& session) {
  const TaskRegistry tasks = builtin_tasks();
  const std::string name = required(values, "task");
  Gatherer gatherer(values, session);
  return name == "dispatch" ? gatherer.of_dispatch(tasks.get("jsonl")) : gatherer.of_task(tasks.get(name));
}

}  // namespace zlens
