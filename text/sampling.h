// How the next token is chosen from logits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <random>

namespace zlens {

struct SamplingOptions {
  double temperature = 0;  // 0: greedy
  double top_p = 1;        // nucleus: the smallest set of tokens whose probability reaches it; only with temperature > 0
  std::uint64_t seed = 0;  // each row of a batch draws from a stream of its own
};

// Throws InputError where a value is out of range: temperature [0, 100], top_p (0, 1].
void check(const SamplingOptions& options);

struct Choice {
  std::int32_t id = 0;
  float logprob = 0;  // natural logarithm, of the distribution at temperature 1
};

// `logits` [V] float32 on the CPU, `log_total` the logarithm of the sum of their exponentials. Ties go to the lowest id.
Choice choose(const at::Tensor& logits, float log_total, const SamplingOptions& options, std::mt19937_64& stream);

// A row's stream, by its number: rows are independent of the batch that they stand in.
std::mt19937_64 sampling_stream(std::uint64_t seed, std::uint64_t number);

}  // namespace zlens
