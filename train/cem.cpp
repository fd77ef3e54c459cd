#include "train/cem.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "io/error.h"
#include "text/sampling.h"

namespace zlens {
namespace {

double uniform(std::mt19937_64& stream) {
  return (static_cast<double>(stream() >> 11) + 0.5) * 0x1p-53;
}

// Box and Muller; std::normal_distribution differs between standard libraries.
double normal(std::mt19937_64& stream) {
  const double radius = std::sqrt(-2 * std::log(uniform(stream)));
  return radius * std::cos(2 * std::numbers::pi * uniform(stream));
}

}  // namespace

Cem::Cem(std::vector<double> start, const CemOptions& options)
    : options_(options), mean_(std::move(start)), deviation_(mean_.size(), options.start_deviation) {
  if (options.population < 2) throw InputError("a population of " + std::to_string(options.population) + " is too small (from 2)");
  if (!(options.elite > 0 && options.elite <= 1)) throw InputError("the elite must be a fraction above 0, up to 1");
}

std::vector<std::vector<double>> Cem::ask() {
  auto stream = sampling_stream(options_.seed, round_);
  std::vector<std::vector<double>> population = {mean_};
  while (population.size() < options_.population) {
    std::vector<double> candidate = mean_;
    for (std::size_t i = 0; i < candidate.size(); ++i) candidate[i] += deviation_[i] * normal(stream);
    population.push_back(std::move(candidate));
  }
  return population;
}

void Cem::tell(const std::vector<std::vector<double>>& population, const std::vector<CemScore>& scores) {
  std::vector<std::size_t> order(population.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  const auto elite = std::max<std::size_t>(1, static_cast<std::size_t>(options_.elite * static_cast<double>(population.size())));
  const auto count = static_cast<double>(elite);
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    double sum = 0, squares = 0;
    for (std::size_t k = 0; k < elite; ++k) sum += population[order[k]][i];
    const double mean = sum / count;
    for (std::size_t k = 0; k < elite; ++k) squares += std::pow(population[order[k]][i] - mean, 2);
    mean_[i] = mean;
    deviation_[i] = std::max(options_.deviation_floor, std::sqrt(squares / count));
  }
  ++round_;
}

}  // namespace zlens
