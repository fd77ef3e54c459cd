#include "train/trainer.h"

#if defined(__linux__)
#endif

#include <cstdio>
#include <iostream>
#include <memory>

#include "app/command_line.h"
#include "app/pretrain.h"
#include "app/training_data.h"
#include "app/training_run.h"
#include "experts/base_hash.h"
#include "experts/prototype.h"
#include "io/error.h"
#include "io/user_folders.h"
#include "train/full.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

constexpr Usage kUsage = {
    "train --model M [--attach transcript] --task T --data DIR --out EXPERT [--method svf] [--objective rl] [--resume]",
    "Trains an expert on one split and keeps the values that are best on another. Work (log, checkpoint) stands in EXPERT.train;\n"
    "a training that was interrupted or killed goes on with --resume and ends with the same bits."};

const TrainOptions kDefaults;
const MethodOptions kMethod;

po::options_description method_flags() {
  po::options_description flags("Method", 110, 60);
  const auto text = [](const std::string& value, const char* name) {
    return po::value<std::string>()->default_value(value)->value_name(name);
  };
  flags.add_options()("method", text(kMethod.method, "M"),
                      "svf, svf-topk, lora-xs or lora; full: all numbers of the matrices, into a checkpoint folder")(
      "matrices", text(kMethod.matrices, "K"), "all, language, vision, attention, mlp, or kinds: q_proj,v_proj,…")(
      "layers", po::value<std::int64_t>()->default_value(0)->value_name("L0"), "from this layer on; those before keep the base")(
      "rank", po::value<std::int64_t>()->default_value(kMethod.rank)->value_name("R"), "svf-topk, lora-xs, lora")(
      "alpha", po::value<double>()->default_value(kMethod.lora_alpha)->value_name("A"), "lora: scaled by alpha / rank")(
      "trust", po::value<double>()->default_value(kMethod.trust)->value_name("X"),
      "svf: bound on |S(z-1)| / |S| of each matrix; 0: none")(
      "scope", text("all", "S"), "all, or answer: the base reads the prompt, the expert acts on the answer")(
      "init", po::value<std::string>()->value_name("FILE"),
      "start from this expert, made with the same method, matrices and scope");
  return flags;
}

po::options_description objective_flags() {
  po::options_description flags("Objective", 110, 60);
  const auto number = [](double value) {
    char shown[32];
    std::snprintf(shown, sizeof shown, "%g", value);  // 0.9, not 0.90000000000000002
    return po::value<double>()->default_value(value, shown)->value_name("X");
  };
  const auto count = [](std::int64_t value) { return po::value<std::int64_t>()->default_value(value)->value_name("N"); };
  const auto text = [](const std::string& value) { return po::value<std::string>()->default_value(value)->value_name("O"); };
  flags.add_options()("objective", text(kDefaults.objective), "rl, or sft: the first reference, token by token")(
      "algorithm", text(kDefaults.algorithm), "rl: rloo, reinforce or grpo")("steps", count(kDefaults.steps), "updates")(
      "warm-start", count(kDefaults.warm_start), "rl: of these, the first N imitate the model's own correct answers")(
      "warm-threshold", number(kDefaults.warm_threshold), "reward from which an answer counts as correct there")(
      "prompts", count(kDefaults.prompts), "samples a step")("samples", count(kDefaults.samples), "rl: answers a sample")(
      "per-group", count(kDefaults.per_group), "samples about one input, at most")(
      "tries", count(kDefaults.tries), "rl: draws a step, at most, to find samples whose answers differ in reward")(
      "temperature", number(kDefaults.temperature), "rl: of the answers drawn")("kl", number(kDefaults.kl),
                                                                                "rl: weight of the distance to the base")(
      "min-signal", number(kDefaults.min_signal), "rl: refuses to start below this fraction of prompts that carry signal")(
      "lr", number(kDefaults.learning_rate), "learning rate (AdamW)")("warmup", count(kDefaults.warmup), "steps")(
      "schedule", text(kDefaults.schedule), "cosine or constant")("clip-norm", number(kDefaults.optimizer.clip_norm),
                                                                  "bound on the gradient's norm; 0: none")(
      "weight-decay", number(0), "of AdamW")("max-new-tokens", count(kDefaults.max_new_tokens), "longest answer")(
      "validate-every", count(kDefaults.validate_every), "steps; 0: at the end only")(
      "validation-limit", count(0), "samples; 0: all")("checkpoint-every", count(kDefaults.checkpoint_every), "steps")(
      "seed", po::value<std::uint64_t>()->default_value(0)->value_name("S"), "of everything random");
  return flags;
}

po::options_description output_flags() {
  po::options_description flags("Output", 110, 60);
  flags.add_options()("out,o", po::value<std::string>()->value_name("EXPERT"),
                      "the expert file (.safetensors); method full: a folder")("work", po::value<std::string>()->value_name("DIR"),
                                                                               "log and checkpoint; default: EXPERT.train")(
      "name", po::value<std::string>()->value_name("N"), "the expert's name; default: the file's")(
      "description", po::value<std::string>()->default_value("")->value_name("D"), "what it is good for: dispatch reads this")(
      "resume", "go on with an unfinished training");
  return flags;
}

std::int64_t count_of(const po::variables_map& values, const char* name) {
  return values[name].as<std::int64_t>();
}
double number_of(const po::variables_map& values, const char* name) {
  return values[name].as<double>();
}

bool scope_is_answer(const po::variables_map& values) {
  const std::string scope = text_of(values, "scope");
  if (scope != "all" && scope != "answer") throw InputError("scope '" + scope + "' is unknown (known: all, answer)");
  return scope == "answer";
}

TrainOptions train_options(const po::variables_map& values) {
  TrainOptions out;
  out.objective = text_of(values, "objective");
  out.algorithm = text_of(values, "algorithm");
  out.steps = count_of(values, "steps");
  out.warm_start = count_of(values, "warm-start");
  out.warm_threshold = number_of(values, "warm-threshold");
  out.prompts = count_of(values, "prompts");
  out.samples = count_of(values, "samples");
  out.per_group = count_of(values, "per-group");
  out.tries = count_of(values, "tries");
  out.temperature = number_of(values, "temperature");
  out.kl = number_of(values, "kl");
  out.min_signal = number_of(values, "min-signal");
  out.learning_rate = number_of(values, "lr");
  out.warmup = count_of(values, "warmup");
  out.schedule = text_of(values, "schedule");
  out.optimizer.clip_norm = number_of(values, "clip-norm");
  out.optimizer.weight_decay = number_of(values, "weight-decay");
  out.max_new_tokens = count_of(values, "max-new-tokens");
  out.validate_every = count_of(values, "validate-every");
  out.checkpoint_every = count_of(values, "checkpoint-every");
  out.validation_limit = count_of(values, "validation-limit");
  out.answer_only = scope_is_answer(values);
  out.from_expert = values.contains("init");
  out.seed = values["seed"].as<std::uint64_t>();
  return out;
}

MethodOptions method_options(const po::variables_map& values) {
  MethodOptions out;
  out.method = text_of(values, "method");
  out.matrices = text_of(values, "matrices");
  out.first_layer = count_of(values, "layers");
  out.rank = count_of(values, "rank");
  out.lora_alpha = number_of(values, "alpha");
  const std::string form = text_of(values, "form");
  if (form != "delta" && form != "factored")
    throw InputError("form '" + form +
                     "' cannot be trained (known: delta, which is exact for the base, and factored, which is faster)");
  out.form = form == "delta" ? LinearForm::Delta : LinearForm::Factored;
  out.trust = number_of(values, "trust");
  out.seed = values["seed"].as<std::uint64_t>();
  return out;
}

// What shapes the training, as the user gave it; `steps` too, since the schedule depends on it.
Json identity_of(const po::variables_map& values, const Session& session, const TrainingData& data, const std::string& base) {
  Json flags = Json::object();
  for (const auto& [name, value] : values) {
    if (name == "resume" || name == "out" || name == "work" || name == "name" || name == "description" || name == "data") continue;
    if (const auto* text = boost::any_cast<std::string>(&value.value())) flags[name] = *text;
    if (const auto* number = boost::any_cast<double>(&value.value())) flags[name] = *number;
    if (const auto* number = boost::any_cast<std::int64_t>(&value.value())) flags[name] = *number;
    if (const auto* number = boost::any_cast<std::uint64_t>(&value.value())) flags[name] = *number;
  }
  if (values.contains("init")) flags["init"] = read_expert(text_of(values, "init")).sha256;
  Json out = session.describe();
  out["base"] = base;
  out["flags"] = flags;
  out["data_sha256"] = data.data_sha256;
  out["prompt_variant"] = data.prompt_variant;
  out["seen"] = data.seen;
  return out;
}

// The flags for people: of what is a path, its name.
Json shown(Json flags) {
  for (const char* path : {"model", "experts", "prompt", "warm-prompt"})
    if (flags.contains(path)) flags[path] = fs::path(flags[path].get<std::string>()).filename().string();
  return flags;
}

Expert finished(const Trainable& trainable, const po::variables_map& values, const Json& identity, const TrainResult& result) {
  Expert expert;
  expert.name = values.contains("name") ? text_of(values, "name") : fs::path(required(values, "out")).stem().string();
  expert.description = text_of(values, "description");
  expert.base = identity.at("base").get<std::string>();
  Json record = {{"seed", values["seed"].as<std::uint64_t>()},
                 {"steps", result.steps},
                 {"best_step", result.best_step},
                 {"base_score", result.base_score},
                 {"best_score", result.best_score},
                 {"parameters", trainable.count()},
                 {"data_sha256", identity.at("data_sha256")},
                 {"prompt_variant", identity.at("prompt_variant")},
                 {"flags", shown(identity.at("flags"))}};
  expert.record = {{"task", text_of(values, "task")},
                   {"method", text_of(values, "method")},
                   {"matrices", text_of(values, "matrices")},
                   {"scope", text_of(values, "scope")},
                   {"training", record.dump()}};
  trainable.store(expert);
  return expert;
}

// Where the training prompts lie, for dispatch by prototype; from one prompt of each input, at most so many.
constexpr std::size_t kPrototypePrompts = 64;

Matrix prototype_of(const LanguageModel& model, const SampleStream& stream) {
  std::vector<TrainingSample> samples;
  for (std::size_t i = 0; i < stream.size() && samples.size() < kPrototypePrompts; i = stream.group_end(i))
    samples.push_back(stream.at(i + samples.size() % (stream.group_end(i) - i)));
  if (samples.size() < 2) return {};
  std::vector<const TokenPrompt*> prompts;
  for (const TrainingSample& sample : samples) prompts.push_back(&sample.prompt);
  Caches caches;
  return measure_prototype(model, prompts, caches);
}

}  // namespace

int train_command(const std::vector<std::string>& arguments) {
  po::options_description flags = training_data_flags();
  flags.add(method_flags()).add(objective_flags()).add(pretrain_flags()).add(output_flags()).add(model_flags());
  const auto parsed = parse_arguments(arguments, flags, {}, kUsage);
  if (!parsed) return 0;
  const po::variables_map& values = *parsed;
  if (is_pretraining(values)) return pretrain_generated(values);
  const fs::path out = required(values, "out");
  const TrainOptions options = train_options(values);
  const Session session(base_session_options(values));
  const auto model = session.model();
  const std::string base = base_hash(*model, user_cache_folder());
  FactorStore factors(model, base, user_cache_folder() / "factors");
  const auto trainable = make_trainable(factors, method_options(values));
  const bool full = text_of(values, "method") == "full";
  if (full && fs::exists(out)) throw InputError(out.string() + ": is there already; a checkpoint gets a new folder");
  if (options.from_expert) start_from(read_expert(text_of(values, "init")), options.answer_only, factors, *trainable);
  const TrainingData data = gather_training_data(values, session);
  const Json identity = identity_of(values, session, data, base);
  TrainingRun run(values, identity);
  std::cerr << "training " << trainable->count() << " parameters\n";
  const TrainResult result =
      train(*model, *trainable, {data.train.get(), data.warm.get(), data.validation.get(), data.reward.get()}, options, run.get());
  run.finish(result.steps, result.interrupted);
  if (result.interrupted) return 1;
  if (full) {
    write_full(*model, *trainable, out);
  } else {
    Expert expert = finished(*trainable, values, identity, result);
    expert.prototype = prototype_of(*model, *data.train);
    write_expert(out, expert);
  }
  std::cout << "base " << result.base_score << (full ? ", checkpoint " : ", expert ") << result.best_score << " (step "
            << result.best_step << "): " << out.string() << "\n";
  return 0;
}

}  // namespace zlens
