#include "eval/rewards.h"

#include "io/sha256.h"

namespace zlens {

double MetricReward::score(const TrainingSample& sample, const std::string& answer) const {
  if (sample.references.empty()) return 0;
  const Metric& metric = sample.metric.empty() ? metric_ : find_metric(sample.metric);
  return metric.score({answer, sample.references, sample.choices});
}

double RandomReward::score(const TrainingSample& sample, const std::string& answer) const {
  return sha256_hex(std::to_string(seed_) + "\n" + sample.id + "\n" + answer).front() < '8' ? 0 : 1;
}

}  // namespace zlens
