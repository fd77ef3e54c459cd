// How good the model is on samples that it does not learn from.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "train/rollout.h"
#include "train/trainer.h"

namespace zlens {

struct ValidationScore {
  double score = 0;                        // mean reward of greedy answers
  std::map<std::string, double> by_field;  // the same by TrainingSample::field
};

class MeanReward {
 public:
  // The first answer of `rollout`.
  void add(const Rollout& rollout);
  ValidationScore score() const;

 private:
  struct Sum {
    double rewards = 0, count = 0;
  };
  std::map<std::string, Sum> by_field_;
};

// Keeps what the base read between calls. Not thread-safe.
class Validation {
 public:
  Validation(const LanguageModel& model, const TrainData& data, const TrainOptions& options);
  ValidationScore run(const std::shared_ptr<const ActiveMix>& mix);

 private:
  const LanguageModel& model_;
  const TrainData& data_;
  const TrainOptions& options_;
  Caches base_prefixes_;
};

}  // namespace zlens
