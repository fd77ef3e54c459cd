// Metrics as rewards of training.
#pragma once

#include <string>

#include "eval/metrics.h"
#include "experts/sample_stream.h"

namespace zlens {

// The sample's own metric, else the given one.
class MetricReward : public Reward {
 public:
  // Throws InputError on an unknown metric.
  explicit MetricReward(const std::string& metric) : metric_(find_metric(metric)) {}
  double score(const TrainingSample& sample, const std::string& answer) const override;

 private:
  const Metric& metric_;
};

// Answers are worth what chance says, by their text alone: the control that shows what training gains without a true reward.
class RandomReward : public Reward {
 public:
  explicit RandomReward(std::uint64_t seed) : seed_(seed) {}
  double score(const TrainingSample& sample, const std::string& answer) const override;

 private:
  std::uint64_t seed_;
};

}  // namespace zlens
