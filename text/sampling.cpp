#include "text/sampling.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "io/error.h"

namespace zlens {
namespace {

std::int32_t draw(std::span<const float> logits, const SamplingOptions& options, std::mt19937_64& stream) {
  const float highest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> weights(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) weights[i] = std::exp((logits[i] - highest) / options.temperature);
  std::vector<std::int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  double kept = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::size_t count = order.size();
  if (options.top_p < 1) {
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return weights[a] > weights[b]; });
    const double wanted = options.top_p * kept;
    kept = 0;
    for (count = 0; count < order.size() && kept < wanted; ++count) kept += weights[order[count]];
  }
  // 53 random bits: std::uniform_real_distribution differs between standard libraries.
  double left = static_cast<double>(stream() >> 11) * 0x1p-53 * kept;
  for (std::size_t i = 0; i < count; ++i) {
    left -= weights[order[i]];
    if (left < 0) return order[i];
  }
  return order[count - 1];
}

}  // namespace

void check(const SamplingOptions& options) {
  if (!(options.temperature >= 0 && options.temperature <= 100))
    throw InputError("temperature " + std::to_string(options.temperature) + " is out of range (accepted: 0 to 100)");
  if (!(options.top_p > 0 && options.top_p <= 1))
    throw InputError("top_p " + std::to_string(options.top_p) + " is out of range (accepted: above 0, up to 1)");
}

Choice choose(const at::Tensor& logits, float log_total, const SamplingOptions& options, std::mt19937_64& stream) {
  const std::span<const float> values(logits.const_data_ptr<float>(), static_cast<std::size_t>(logits.numel()));
  if (std::isnan(log_total)) throw Error("the model computed logits that are not numbers; try --dtype fp32");
  const std::int32_t id = options.temperature > 0
                              ? draw(values, options, stream)
                              : static_cast<std::int32_t>(std::max_element(values.begin(), values.end()) - values.begin());
  return {id, values[static_cast<std::size_t>(id)] - log_total};
}

std::mt19937_64 sampling_stream(std::uint64_t seed, std::uint64_t row) {
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32), static_cast<std::uint32_t>(row),
                         static_cast<std::uint32_t>(row >> 32)};
  return std::mt19937_64(sequence);
}

}  // namespace zlens
