#include "train/trainer.h"

#include <ATen/ATen.h>

#include <chrono>
#include <cmath>
#include <numbers>

#include "io/atomic_file.h"
#include "io/error.h"
#include "io/file_lock.h"
#include "io/sha256.h"
#include "train/objectives.h"
#include "train/sample_order.h"
#include "train/train_state.h"
#include "train/validation.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check(const TrainOptions& options) {
  const auto at_least = [](const char* name, std::int64_t value, std::int64_t low) {
    if (value < low)
      throw InputError(std::string("--") + name + " " + std::to_string(value) + " is out of range (accepted: from " +
                       std::to_string(low) + ")");
  };
  at_least("steps", options.steps, 1);
  at_least("warm-start", options.warm_start, 0);
  at_least("prompts", options.prompts, 1);
  at_least("samples", options.samples, options.objective == "rl" && options.algorithm != "reinforce" ? 2 : 1);
  at_least("per-group", options.per_group, 1);
  at_least("max-new-tokens", options.max_new_tokens, 1);
  at_least("validate-every", options.validate_every, 0);
  at_least("checkpoint-every", options.checkpoint_every, 1);
  if (options.objective != "rl" && options.objective != "sft")
    throw InputError("objective '" + options.objective + "' is unknown (known: rl, sft)");
  if (options.schedule != "cosine" && options.schedule != "constant")
    throw InputError("schedule '" + options.schedule + "' is unknown (known: cosine, constant)");
  if (!(options.learning_rate > 0 && options.learning_rate <= 1))
    throw InputError("--lr " + std::to_string(options.learning_rate) + " is out of range (accepted: above 0, up to 1)");
  if (!(options.temperature > 0)) throw InputError("training draws answers: --temperature must be above 0");
  if (!(options.kl >= 0)) throw InputError("--kl must not be negative");
}

// Warm-up, then a cosine to a tenth of the rate, or constant. `step` counts from 0.
double learning_rate_at(const TrainOptions& options, std::int64_t step) {
  if (step < options.warmup) return options.learning_rate * static_cast<double>(step + 1) / static_cast<double>(options.warmup + 1);
  if (options.schedule == "constant") return options.learning_rate;
  const double done =
      static_cast<double>(step - options.warmup) / static_cast<double>(std::max<std::int64_t>(1, options.steps - options.warmup));
  return options.learning_rate * (0.55 + 0.45 * std::cos(std::numbers::pi * done));
}

class Run {
 public:
  Run(const LanguageModel& model, Trainable& trainable, const TrainData& data, const TrainOptions& options, const TrainRun& run)
      : data_(data),
        options_(options),
        run_(run),
        trainable_(trainable),
        optimizer_(trainable.parameters(), options.optimizer),
        order_(*data.train, options.seed),
        objective_(model, trainable, data, options),
        validation_(model, data, options),
        identity_(sha256_hex(run.identity.dump())),
        lock_(prepared_folder(run.folder) / ".lock") {
    open();
  }

  TrainResult result(bool interrupted) const {
    return {state_.step, state_.best_step, state_.base_score, state_.best_score, interrupted};
  }

  TrainResult go() {
    if (state_.step == 0 && data_.validation && !validated_base_) validate();
    while (state_.step < options_.steps) {
      one_step();
      const bool last = state_.step == options_.steps;
      const bool due = options_.validate_every > 0 && state_.step % options_.validate_every == 0;
      if (data_.validation && (due || last)) validate();
      if (due || last || state_.step % options_.checkpoint_every == 0) save();
      if (run_.hooks.step) run_.hooks.step(state_.step, options_.steps);
      if (!last && run_.hooks.stop && run_.hooks.stop()) {
        save();
        return result(true);
      }
    }
    if (data_.validation && !state_.best.empty()) state_.restore_best(trainable_);
    return result(false);
  }

 private:
  static const fs::path& prepared_folder(const fs::path& folder) {
    fs::create_directories(folder);
    return folder;
  }

  void open() {
    const fs::path checkpoint = run_.folder / "checkpoint.safetensors", log = run_.folder / "log.jsonl";
    if (fs::exists(checkpoint)) {
      if (!run_.resume) throw InputError(run_.folder.string() + ": holds a training already; --resume goes on with it");
      read_checkpoint(checkpoint, identity_, state_, trainable_, optimizer_);
      if (!fs::exists(log) || fs::file_size(log) < state_.log_bytes)
        throw InputError(log.string() + ": is shorter than its checkpoint says; the training cannot go on");
      fs::resize_file(log, state_.log_bytes);  // what came after the checkpoint is done again
      order_.set_position(state_.position);
      validated_base_ = true;
    } else if (fs::exists(log)) {
      fs::resize_file(log, 0);
    }
    log_ = std::make_unique<AppendFile>(log);
    if (!validated_base_) {
      Json line = run_.identity;
      line["kind"] = "config";
      log_->append(line.dump());
    }
  }

  void one_step() {
    const auto start = Clock::now();
    const bool warm = options_.objective == "rl" && state_.step < options_.warm_start;
    StepReport report;
    if (options_.objective == "sft") {
      report = objective_.imitate_references(order_);
    } else if (warm) {
      report = objective_.imitate_own_answers(order_, state_.step);
    } else {
      if (!state_.probed) probe();
      report = objective_.reinforce(order_, state_.step);
    }
    const double rate = learning_rate_at(options_, state_.step);
    const auto update = Clock::now();
    const double norm = optimizer_.step(rate);
    trainable_.project();
    ++state_.step;
    state_.position = order_.position();
    log_->append(Json{{"kind", "step"},
                      {"step", state_.step},
                      {"phase", options_.objective == "sft" ? "sft"
                                : warm                      ? "warm"
                                                            : "rl"},
                      {"reward", report.reward},
                      {"loss", report.loss},
                      {"kl", report.kl},
                      {"signal", report.signal},
                      {"drift", report.drift},
                      {"lr", rate},
                      {"grad_norm", norm},
                      {"answers", report.answers},
                      {"tokens", report.tokens},
                      {"rollout_s", report.rollout_s},
                      {"gradient_s", report.gradient_s},
                      {"update_s", seconds_since(update)},
                      {"step_s", seconds_since(start)}}
                     .dump());
  }

  void probe() {
    const double signal = objective_.probe_signal();
    if (signal < options_.min_signal)
      throw InputError(
          "only " + std::to_string(std::lround(100 * signal)) + " % of the prompts carry signal (answers of different worth; " +
          std::to_string(std::lround(100 * options_.min_signal)) +
          " % are needed): start from an expert (--init), warm up (--warm-start), or use a prompt that the model answers better");
    state_.probed = true;
  }

  void validate() {
    const auto start = Clock::now();
    const bool first = state_.step == 0, at_base = first && !options_.from_expert;
    if (first) state_.base_score = validation_.run(nullptr).score;
    const ValidationScore score = validation_.run(at_base ? nullptr : objective_.frozen_mix(state_.step));
    const bool best = first || score.score > state_.best_score;
    if (best) {
      state_.best_score = score.score;
      state_.best_step = state_.step;
      state_.keep_best(trainable_);
    }
    log_->append(Json{{"kind", "validation"},
                      {"step", state_.step},
                      {"score", score.score},
                      {"base_score", state_.base_score},
                      {"by_field", score.by_field},
                      {"best", best},
                      {"validation_s", seconds_since(start)}}
                     .dump());
  }

  void save() {
    log_->sync();
    state_.log_bytes = fs::file_size(run_.folder / "log.jsonl");
    write_checkpoint(run_.folder / "checkpoint.safetensors", identity_, state_, trainable_, optimizer_);
  }

  const TrainData& data_;
  const TrainOptions& options_;
  const TrainRun& run_;
  Trainable& trainable_;
  AdamW optimizer_;
  SampleOrder order_;
  Objectives objective_;
  Validation validation_;
  std::string identity_;
  FileLock lock_;
  TrainState state_;
  std::unique_ptr<AppendFile> log_;
  bool validated_base_ = false;
};

}  // namespace

TrainResult train(const LanguageModel& model, Trainable& trainable, const TrainData& data, const TrainOptions& options,
                  const TrainRun& run) {
  check(options);
  return Run(model, trainable, data, options, run).go();
}

}  // namespace zlens
