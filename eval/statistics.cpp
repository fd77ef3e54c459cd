#include "eval/statistics.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "io/error.h"
#include "io/rng.h"

namespace zlens {
namespace {

constexpr int kMaxResamples = 10'000'000;

struct Cluster {
  double sum = 0;
  double count = 0;
};

void check(std::span<const double> values, std::span<const std::size_t> clusters, const Resampling& resampling) {
  if (values.empty()) throw InputError("statistics: there are no values");
  if (!clusters.empty() && clusters.size() != values.size())
    throw InputError("statistics: " + std::to_string(values.size()) + " values, but clusters for " +
                     std::to_string(clusters.size()));
  if (resampling.count < 100 || resampling.count > kMaxResamples)
    throw InputError("statistics: " + std::to_string(resampling.count) + " resamples are not in 100.." +
                     std::to_string(kMaxResamples));
  if (!(resampling.level > 0 && resampling.level < 1))
    throw InputError("statistics: the level " + std::to_string(resampling.level) + " is not between 0 and 1");
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) throw InputError("statistics: value " + std::to_string(i) + " is not finite");
  for (const std::size_t cluster : clusters)
    if (cluster >= values.size()) throw InputError("statistics: there is no cluster " + std::to_string(cluster));
}

std::vector<Cluster> gather(std::span<const double> values, std::span<const std::size_t> clusters) {
  std::vector<Cluster> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    Cluster& cluster = out[clusters.empty() ? i : clusters[i]];
    cluster.sum += values[i];
    cluster.count += 1;
  }
  std::erase_if(out, [](const Cluster& cluster) { return cluster.count == 0; });
  return out;
}

// Linear between the neighbours. `sorted` must not be empty.
double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// Calls use(sum) with the sum of `sizes` under every combination of signs.
template <typename Use>
void each_flip(const std::vector<double>& sizes, const Use& use) {
  for (std::uint64_t flips = 0; flips < std::uint64_t{1} << sizes.size(); ++flips) {
    double sum = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) sum += (flips >> i & 1) ? -sizes[i] : sizes[i];
    use(sum);
  }
}

double random_flip(const std::vector<double>& sizes, Rng& rng) {
  double sum = 0;
  std::uint64_t flips = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i % 64 == 0) flips = rng.bits();
    sum += (flips & 1) ? -sizes[i] : sizes[i];
    flips >>= 1;
  }
  return sum;
}

}  // namespace

Estimate bootstrap_mean(std::span<const double> values, std::span<const std::size_t> clusters, const Resampling& resampling) {
  check(values, clusters, resampling);
  const std::vector<Cluster> whole = gather(values, clusters);
  const auto size = static_cast<std::uint32_t>(whole.size());
  Rng rng(resampling.seed);
  std::vector<double> means(static_cast<std::size_t>(resampling.count));
  for (double& mean : means) {
    Cluster drawn;
    for (std::uint32_t i = 0; i < size; ++i) {
      const Cluster& cluster = whole[rng.below(size)];
      drawn.sum += cluster.sum;
      drawn.count += cluster.count;
    }
    mean = drawn.sum / drawn.count;
  }
  std::sort(means.begin(), means.end());
  Cluster all;
  for (const Cluster& cluster : whole) all.sum += cluster.sum, all.count += cluster.count;
  const double tail = (1 - resampling.level) / 2;
  return {all.sum / all.count, quantile(means, tail), quantile(means, 1 - tail)};
}

double sign_flip_p(std::span<const double> differences, std::span<const std::size_t> clusters, const Resampling& resampling) {
  check(differences, clusters, resampling);
  std::vector<double> sizes;
  double observed = 0, total = 0;
  for (const Cluster& cluster : gather(differences, clusters)) {
    if (cluster.sum == 0) continue;
    sizes.push_back(cluster.sum);
    observed += cluster.sum;
    total += std::abs(cluster.sum);
  }
  // Sums that are equal on paper differ by rounding.
  const double bar = std::abs(observed) - 1e-12 * total;
  std::uint64_t extreme = 0;
  const auto count = [&](double sum) { extreme += std::abs(sum) >= bar ? 1 : 0; };
  if (sizes.size() < 24 && std::uint64_t{1} << sizes.size() <= static_cast<std::uint64_t>(resampling.count)) {
    each_flip(sizes, count);
    return static_cast<double>(extreme) / static_cast<double>(std::uint64_t{1} << sizes.size());
  }
  Rng rng(resampling.seed);
  for (int i = 0; i < resampling.count; ++i) count(random_flip(sizes, rng));
  return static_cast<double>(1 + extreme) / (1 + resampling.count);
}

McNemar mcnemar(std::int64_t only_first, std::int64_t only_second) {
  if (only_first < 0 || only_second < 0) throw InputError("McNemar's test: a count is negative");
  const std::int64_t n = only_first + only_second, least = std::min(only_first, only_second);
  // P(X = least) for X ~ Binomial(n, 1/2), by its logarithm; then downwards by the ratio of neighbours.
  double log_point = -static_cast<double>(n) * std::log(2.0);
  for (std::int64_t k = 0; k < least; ++k) log_point += std::log(static_cast<double>(n - k) / static_cast<double>(k + 1));
  const double point = std::exp(log_point);
  double tail = 0, term = point;
  for (std::int64_t k = least; k >= 0 && term > 0; --k) {
    tail += term;
    term *= static_cast<double>(k) / static_cast<double>(n - k + 1);
  }
  return {only_first, only_second, std::min(1.0, 2 * tail), std::min(1.0, 2 * tail - point)};
}

double auroc(std::span<const double> positives, std::span<const double> negatives) {
  if (positives.empty() || negatives.empty())
    throw InputError("AUROC: " + std::to_string(positives.size()) + " positives and " + std::to_string(negatives.size()) +
                     " negatives; it needs both");
  std::vector<double> sorted(negatives.begin(), negatives.end());
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (std::any_of(positives.begin(), positives.end(), is_nan) || std::any_of(sorted.begin(), sorted.end(), is_nan))
    throw InputError("AUROC: a value is not a number");
  std::sort(sorted.begin(), sorted.end());
  double above = 0;
  for (const double value : positives) {
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), value);
    above += static_cast<double>(low - sorted.begin()) + 0.5 * static_cast<double>(high - low);
  }
  return above / static_cast<double>(positives.size()) / static_cast<double>(negatives.size());
}

}  // namespace zlens
