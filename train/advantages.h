// From the rewards of one prompt's answers to what each answer's log-probability is pushed by.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace zlens {

enum class Algorithm {
  Rloo,       // reward minus the mean of the other answers' rewards (arXiv 2402.14740)
  Reinforce,  // the reward itself, as +1 … -1 (arXiv 2501.06252)
  Grpo,       // (reward - mean) / standard deviation (arXiv 2402.03300)
};

// "rloo", "reinforce", "grpo"; throws InputError otherwise.
Algorithm parse_algorithm(const std::string& name);

// One advantage for each reward (0 … 1). Rloo and Grpo give zeros where all rewards are alike.
std::vector<double> advantages(std::span<const double> rewards, Algorithm algorithm);

// True where the rewards differ: only then do Rloo and Grpo learn from the prompt.
bool has_spread(std::span<const double> rewards);

// How many of the prompts carry signal. Where several answers are drawn of each, those whose rewards differ; where one is, nothing
// but the other prompts tells what it is worth: those whose reward is not the commonest.
class Signal {
 public:
  void add(std::span<const double> rewards);  // of one prompt's answers
  double fraction() const;                    // 0 without prompts

 private:
  std::int64_t prompts_ = 0, with_spread_ = 0;
  std::map<double, std::int64_t> alone_;  // rewards of prompts with one answer -> how many have it
};

}  // namespace zlens
