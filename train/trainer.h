// Training of one expert: rollouts, gradients, validation, checkpoints.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "experts/sample_stream.h"
#include "text/model.h"
#include "train/adamw.h"
#include "train/trainable.h"
#include "train/training_folder.h"

namespace zlens {

// Names are those of the command's flags.
struct TrainOptions {
  std::string objective = "rl";    // rl | sft (next token, on the first reference)
  std::string algorithm = "rloo";  // rloo | reinforce | grpo
  std::int64_t steps = 60;
  std::int64_t warm_start = 0;  // of these, so many first steps imitate the model's own correct answers (rejection sampling)
  double warm_threshold = 0.9;  // reward from which an answer counts as correct there
  std::int64_t prompts = 8;     // samples a step
  std::int64_t samples = 8;     // answers a sample (rl)
  std::int64_t per_group = 4;   // samples about one input, at most
  std::int64_t tries = 4;       // rl: draws at most so many times `prompts` samples to find `prompts` with spread in their rewards
  double temperature = 1;       // of the answers
  double kl = 0.02;             // weight of the distance to the base, k3 estimator for each token
  double min_signal = 0.05;     // rl refuses to start below this fraction of prompts with spread
  double learning_rate = 2e-3;
  std::int64_t warmup = 3;          // steps
  std::string schedule = "cosine";  // cosine (to a tenth) | constant
  AdamWOptions optimizer = {.clip_norm = 1};
  std::int64_t max_new_tokens = 24;
  std::int64_t validate_every = 10;                  // steps; 0: only at the end
  std::int64_t checkpoint_every = 5;                 // steps
  std::int64_t validation_limit = 0;                 // samples; 0: all
  bool answer_only = false;                          // --scope answer
  bool from_expert = false;                          // the trainable starts from an expert, not from the base
  std::size_t reading_bytes = std::size_t{3} << 30;  // what may be kept of what the base read
  std::uint64_t seed = 0;
};

struct TrainData {
  const SampleStream* train = nullptr;
  const SampleStream* warm = nullptr;  // the same samples under the prompt that warm-start answers are drawn with; nullptr: `train`
  const SampleStream* validation = nullptr;
  const Reward* reward = nullptr;
};

struct TrainResult {
  std::int64_t steps = 0, best_step = 0;  // best_step 0: nothing beat the base
  double base_score = 0, best_score = 0;  // on validation
  bool interrupted = false;
};

// Warm-up, then a cosine to `floor` of `peak`, or constant. `step` counts from 0.
struct LearningRate {
  double peak = 0;
  std::int64_t warmup = 0, steps = 0;
  bool cosine = true;
  double floor = 0.1;
  double at(std::int64_t step) const;
};

// Trains in a folder: log.jsonl (kinds config, step, validation) and checkpoint.safetensors. A folder of another identity is
// refused, one of this identity goes on with `resume`. A run that was interrupted or killed and resumed ends with the same bits as
// an uninterrupted one. On return `trainable` holds the values of the step that was best on validation (the last one without
// validation data). Throws InputError where options are out of range, or (rl) fewer than min_signal of the prompts carry signal.
TrainResult train(const LanguageModel& model, Trainable& trainable, const TrainData& data, const TrainOptions& options,
                  const TrainRun& run);

}  // namespace zlens
