// Answers that the model gives to training samples, and what they are worth.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "experts/sample_stream.h"
#include "modules/caches.h"
#include "text/model.h"

namespace zlens {

struct RolloutAnswer {
  std::vector<std::int32_t> ids;  // with the token that ends it, if one did
  std::vector<float> logprobs;    // of each id, at temperature 1
  std::string text;
  double reward = 0;
};

struct Rollout {
  TrainingSample sample;
  std::vector<RolloutAnswer> answers;
};

struct RolloutOptions {
  std::int64_t answers = 8;  // a sample
  std::int64_t max_new_tokens = 24;
  std::int64_t batch_rows = 64;
  SamplingOptions sampling;
};

// `mix` nullptr: the base. Rows of equal prompts share their prefix through `caches`. Results depend on the arguments alone.
std::vector<Rollout> roll_out(const LanguageModel& model, std::vector<TrainingSample> samples,
                              const std::shared_ptr<const ActiveMix>& mix, const Reward& reward, Caches& caches,
                              const RolloutOptions& options);

}  // namespace zlens
