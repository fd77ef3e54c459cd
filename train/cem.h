// The cross-entropy method: a maximum of a function that can only be evaluated.
#pragma once

#include <cstdint>
#include <vector>

namespace zlens {

struct CemOptions {
  std::size_t population = 16;
  double elite = 0.25;  // fraction of the population that the next round learns from
  double start_deviation = 0.5;
  double deviation_floor = 0.05;  // keeps the search from collapsing early
  std::uint64_t seed = 0;
};

// Candidates are compared by `score`, ties by `tie`.
struct CemScore {
  double score = 0, tie = 0;
  auto operator<=>(const CemScore&) const = default;
};

// Draws a population from independent normal distributions, then moves them to the best of it. Deterministic. Not thread-safe.
class Cem {
 public:
  Cem(std::vector<double> start, const CemOptions& options);

  // The next population; its first candidate is the mean itself.
  std::vector<std::vector<double>> ask();
  // The scores of what `ask` gave, in order.
  void tell(const std::vector<std::vector<double>>& population, const std::vector<CemScore>& scores);

  const std::vector<double>& mean() const { return mean_; }
  const std::vector<double>& deviation() const { return deviation_; }

 private:
  CemOptions options_;
  std::vector<double> mean_, deviation_;
  std::uint64_t round_ = 0;
};

}  // namespace zlens
