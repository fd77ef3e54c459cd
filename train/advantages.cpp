#include "train/advantages.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "io/error.h"

namespace zlens {

Algorithm parse_algorithm(const std::string& name) {
  if (name == "rloo") return Algorithm::Rloo;
  if (name == "reinforce") return Algorithm::Reinforce;
  if (name == "grpo") return Algorithm::Grpo;
  throw InputError("algorithm '" + name + "' is unknown (known: rloo, reinforce, grpo)");
}

bool has_spread(std::span<const double> rewards) {
  const auto [low, high] = std::minmax_element(rewards.begin(), rewards.end());
  return low != rewards.end() && *high - *low > 1e-9;
}

void Signal::add(std::span<const double> rewards) {
  ++prompts_;
  with_spread_ += has_spread(rewards);
  if (rewards.size() == 1) ++alone_[rewards.front()];
}

double Signal::fraction() const {
  std::int64_t carry = with_spread_, commonest = 0;
  for (const auto& [reward, count] : alone_) {
    carry += count;
    commonest = std::max(commonest, count);
  }
  return prompts_ > 0 ? static_cast<double>(carry - commonest) / static_cast<double>(prompts_) : 0;
}

std::vector<double> advantages(std::span<const double> rewards, Algorithm algorithm) {
  const auto count = static_cast<double>(rewards.size());
  const double sum = std::accumulate(rewards.begin(), rewards.end(), 0.0), mean = sum / std::max(1.0, count);
  double squares = 0;
  for (const double reward : rewards) squares += (reward - mean) * (reward - mean);
  const double deviation = std::sqrt(squares / std::max(1.0, count));
  const bool spread = has_spread(rewards);
  std::vector<double> out;
  for (const double reward : rewards) {
    switch (algorithm) {
      case Algorithm::Rloo:
        out.push_back(spread ? reward - (sum - reward) / (count - 1) : 0);
        break;
      case Algorithm::Reinforce:
        out.push_back(2 * reward - 1);
        break;
      case Algorithm::Grpo:
        out.push_back(spread ? (reward - mean) / deviation : 0);
        break;
    }
  }
  return out;
}

}  // namespace zlens
