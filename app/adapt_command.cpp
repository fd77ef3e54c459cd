#include <algorithm>
#include <iostream>
#include <memory>
#include <set>

#include "app/command_line.h"
#include "app/expert_form.h"
#include "app/expert_selection.h"
#include "app/interrupt.h"
#include "app/task_stream.h"
#include "eval/progress.h"
#include "eval/rewards.h"
#include "eval/runner.h"
#include "experts/base_hash.h"
#include "experts/expert_store.h"
#include "experts/mix_file.h"
#include "io/error.h"
#include "io/user_folders.h"
#include "train/few_shot.h"
#include "train/sample_order.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {
    "adapt --model M [--attach ocr] --task T --data DIR --split S --experts DIR --out MIX.json [--shots 10]",
    "Searches the weights with which experts answer a few examples best (cross-entropy method), and writes them as a mix file for\n"
    "--expert MIX.json. Shots and selection samples are about different inputs; 'eval --exclude MIX.json' leaves both out. "
    "Without\n"
    "--form the candidates are computed in the form that is the fastest for so many shots."};

po::options_description adapt_flags() {
  po::options_description flags("Flags", 110, 60);
  const auto count = [](std::int64_t value) { return po::value<std::int64_t>()->default_value(value)->value_name("N"); };
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  flags.add_options()("task,t", text("T"), "a task ('zlens tasks' lists them)")(
      "data", text("DIR"), "the data set as its authors distribute it")("split", text("S")->default_value("train"),
                                                                        "where shots and selection samples come from")(
      "fields", text("F,…")->default_value(""), "only samples of these fields")(
      "prompt", text("NAME"), "prompt template; default: the task's")("only", text("E,…")->default_value(""),
                                                                      "only these experts of those in --experts")(
      "shots", count(10), "examples that guide the search")("selection", count(20), "examples that choose among its rounds")(
      "population", count(16), "candidates a round")("rounds", count(12), "at most")(
      "by-layer", "a weight for each expert and layer, not one for each expert")("max-new-tokens", count(24), "longest answer")(
      "seed", po::value<std::uint64_t>()->default_value(0)->value_name("S"), "of shots and search")("out,o", text("MIX.json"),
                                                                                                    "the mix file");
  return flags;
}

std::int64_t count_of(const po::variables_map& values, const char* name, std::int64_t low) {
  const auto value = values[name].as<std::int64_t>();
  if (value < low)
    throw InputError(std::string("--") + name + " " + std::to_string(value) + " is out of range (accepted: from " +
                     std::to_string(low) + ")");
  return value;
}

std::vector<std::shared_ptr<const Expert>> experts_of(const po::variables_map& values, const std::string& base) {
  const std::string folder = values["experts"].as<std::string>();
  const auto names = listed(values["only"].as<std::string>());
  if (names.empty()) return experts_of_base(folder, base).experts;
  const ExpertStore store(expert_folders(folder));
  std::vector<std::shared_ptr<const Expert>> out;
  for (const std::string& name : names) out.push_back(std::make_shared<Expert>(find_expert(name, store, base)));
  return out;
}

// Shots and selection samples, whose inputs are met by neither the other nor, with --exclude, an evaluation.
class Drawn {
 public:
  Drawn(const TaskStream& stream, std::uint64_t seed) : stream_(stream), order_(stream, seed) {}

  // As many groups as are needed for `count` samples. Throws InputError where the stream has no group left.
  std::vector<TrainingSample> take(std::int64_t count) {
    std::vector<TrainingSample> out;
    while (static_cast<std::int64_t>(out.size()) < count) {
      for (const std::size_t index : order_.next()) {
        if (!met_.insert(index).second)
          throw InputError("the " + std::to_string(stream_.size()) +
                           " samples are about too few different inputs for so many shots and "
                           "selection samples, none of which may be about the other's; lower --shots or --selection");
        if (static_cast<std::int64_t>(out.size()) < count)
          out.push_back(stream_.at(index));
        else
          unused_.push_back(stream_.id(index));
      }
    }
    return out;
  }

  const Json& unused() const { return unused_; }  // ids of samples about the same inputs

 private:
  const TaskStream& stream_;
  SampleOrder order_;
  std::set<std::size_t> met_;
  Json unused_ = Json::array();
};

Json ids_of(const std::vector<TrainingSample>& samples) {
  Json out = Json::array();
  for (const TrainingSample& sample : samples) out.push_back(sample.id);
  return out;
}

}  // namespace

int adapt_command(const std::vector<std::string>& arguments) {
  po::options_description flags = adapt_flags();
  flags.add(model_flags());
  const auto parsed = parse_arguments(arguments, flags, {}, kUsage);
  if (!parsed) return 0;
  const po::variables_map& values = *parsed;
  const std::filesystem::path out = required(values, "out");
  const TaskRegistry tasks = builtin_tasks();
  const Task& task = tasks.get(required(values, "task"));
  SessionOptions asked = base_session_options(values);
  const Session session(asked);
  const auto model = session.model();
  const std::string base = base_hash(*model, user_cache_folder());
  FactorStore factors(model, base, user_cache_folder() / "factors");
  const auto experts = experts_of(values, base);
  const PromptTemplate prompt = PromptTemplate::load(
      values.contains("prompt") ? values["prompt"].as<std::string>() : std::string(task.prompt()), assets_folder() / "prompts");
  const std::string metric(task.metric()), split = values["split"].as<std::string>();
  const TaskStream stream(select_samples(task.read(required(values, "data"), split), listed(values["fields"].as<std::string>())),
                          {&session.preparer(), &prompt, metric});
  const std::int64_t shots = count_of(values, "shots", 1), selection = count_of(values, "selection", 0);
  if (static_cast<std::size_t>(shots + selection) > stream.size())
    throw InputError("the split '" + split + "' has " + std::to_string(stream.size()) +
                     " samples, fewer than shots and selection need");
  const auto seed = values["seed"].as<std::uint64_t>();
  Drawn drawn(stream, seed);
  const MetricReward reward(metric);
  FewShotData data{drawn.take(shots), drawn.take(selection), &reward};
  FewShotOptions options;
  options.cem.population = static_cast<std::size_t>(count_of(values, "population", 2));
  options.cem.seed = seed;
  options.rounds = count_of(values, "rounds", 1);
  options.by_layer = values.contains("by-layer");
  options.max_new_tokens = count_of(values, "max-new-tokens", 1);
  if (values["form"].defaulted()) asked.form = "auto";
  asked.expected_questions = static_cast<std::int64_t>(data.shots.size());  // of every candidate
  Json record = Json::object();
  options.mix = mix_options(asked, *model, 1, record);
  auto progress = std::make_unique<Progress>("adapt", options.rounds);
  const FewShotResult result = adapt(*model, factors, experts, data, options, [&](std::int64_t round) {
    progress->update(round);
    return caught_signal() != 0;
  });
  progress.reset();
  Json rounds = Json::array();
  for (const FewShotRound& round : result.rounds)
    rounds.push_back({{"best", round.best.score}, {"log_likelihood", round.best.tie}, {"selection", round.selection}});
  write_mix(out, base, result.mix,
            {{"task", task.name()},
             {"split", split},
             {"prompt", prompt.name()},
             {"seed", seed},
             {"form", record.at("form")},
             {"shots", ids_of(data.shots)},
             {"selection", ids_of(data.selection)},
             {"unused", drawn.unused()},
             {"base_selection_score", result.base_selection_score},
             {"selection_score", result.selection_score},
             {"shots_score", result.shots_score},
             {"rounds", rounds}});
  std::cout << "selection: base " << result.base_selection_score << ", mix " << result.selection_score << ": " << out.string()
            << "\n";
  return 0;
}

}  // namespace zlens
