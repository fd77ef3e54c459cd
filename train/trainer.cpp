#include "train/trainer.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "io/error.h"
#include "io/stopwatch.h"
#include "train/objectives.h"
#include "train/option_range.h"
#include "train/sample_order.h"
#include "train/validation.h"

namespace zlens {
namespace {

void check(const TrainOptions& options) {
  require_at_least("steps", options.steps, 1);
  require_at_least("warm-start", options.warm_start, 0);
  require_at_least("prompts", options.prompts, 1);
  require_at_least("samples", options.samples, options.objective == "rl" && options.algorithm != "reinforce" ? 2 : 1);
  require_at_least("per-group", options.per_group, 1);
  require_at_least("tries", options.tries, 1);
  require_at_least("max-new-tokens", options.max_new_tokens, 1);
  require_at_least("validate-every", options.validate_every, 0);
  require_at_least("checkpoint-every", options.checkpoint_every, 1);
  if (options.objective != "rl" && options.objective != "sft")
    throw InputError("objective '" + options.objective + "' is unknown (known: rl, sft)");
  if (options.schedule != "cosine" && options.schedule != "constant")
    throw InputError("schedule '" + options.schedule + "' is unknown (known: cosine, constant)");
  if (!(options.learning_rate > 0 && options.learning_rate <= 1))
    throw InputError("--lr " + std::to_string(options.learning_rate) + " is out of range (accepted: above 0, up to 1)");
  if (!(options.temperature > 0)) throw InputError("training draws answers: --temperature must be above 0");
  if (!(options.kl >= 0)) throw InputError("--kl must not be negative");
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
        rate_{options.learning_rate, options.warmup, options.steps, options.schedule == "cosine"},
        folder_(run, state_, trainable.parameters(), optimizer_) {
    if (folder_.resumed()) order_.set_position(state_.position);
  }

  TrainResult result(bool interrupted) const {
    return {state_.step, state_.best_step, state_.base_score, state_.best_score, interrupted};
  }

  TrainResult go() {
    if (state_.step == 0 && data_.validation && !folder_.resumed()) validate();
    while (state_.step < options_.steps) {
      one_step();
      const bool last = state_.step == options_.steps;
      const bool due = options_.validate_every > 0 && state_.step % options_.validate_every == 0;
      if (data_.validation && (due || last)) validate();
      if (due || last || state_.step % options_.checkpoint_every == 0) folder_.save();
      if (run_.hooks.step) run_.hooks.step(state_.step, options_.steps);
      if (!last && run_.hooks.stop && run_.hooks.stop()) {
        folder_.save();
        return result(true);
      }
    }
    if (data_.validation && !state_.best.empty()) state_.restore_best(trainable_.parameters());
    return result(false);
  }

 private:
  void one_step() {
    const Stopwatch start;
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
    const double rate = rate_.at(state_.step);
    const Stopwatch update;
    const double norm = optimizer_.step(rate);
    trainable_.project();
    ++state_.step;
    state_.position = order_.position();
    folder_.log({{"kind", "step"},
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
                 {"update_s", update.seconds()},
                 {"step_s", start.seconds()}});
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
    const Stopwatch start;
    const bool first = state_.step == 0, at_base = first && !options_.from_expert;
    if (first) state_.base_score = validation_.run(nullptr).score;
    const ValidationScore score = validation_.run(at_base ? nullptr : objective_.frozen_mix(state_.step));
    const bool best = first || score.score > state_.best_score;
    if (best) {
      state_.best_score = score.score;
      state_.best_step = state_.step;
      state_.keep_best(trainable_.parameters());
    }
    folder_.log({{"kind", "validation"},
                 {"step", state_.step},
                 {"score", score.score},
                 {"base_score", state_.base_score},
                 {"by_field", score.by_field},
                 {"best", best},
                 {"validation_s", start.seconds()}});
  }

  const TrainData& data_;
  const TrainOptions& options_;
  const TrainRun& run_;
  Trainable& trainable_;
  AdamW optimizer_;
  SampleOrder order_;
  Objectives objective_;
  Validation validation_;
  LearningRate rate_;
  TrainState state_;
  TrainingFolder folder_;
};

}  // namespace

double LearningRate::at(std::int64_t step) const {
  if (step < warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup + 1);
  if (!cosine) return peak;
  const double done = static_cast<double>(step - warmup) / static_cast<double>(std::max<std::int64_t>(1, steps - warmup));
  return peak * ((1 + floor) / 2 + (1 - floor) / 2 * std::cos(std::numbers::pi * done));
}

TrainResult train(const LanguageModel& model, Trainable& trainable, const TrainData& data, const TrainOptions& options,
                  const TrainRun& run) {
  check(options);
  return Run(model, trainable, data, options, run).go();
}

}  // namespace zlens
