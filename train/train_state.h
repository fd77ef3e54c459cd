// What a training needs to go on: values, moments, place in the data, the best values so far.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "train/adamw.h"

namespace zlens {

using Parameters = std::map<std::string, at::Tensor>;  // float32, by name

struct TrainState {
  std::int64_t step = 0;       // done
  std::uint64_t position = 0;  // in the order of samples
  std::int64_t best_step = 0;
  double base_score = 0, best_score = 0;
  bool probed = false;  // that the prompts carry signal
  std::uintmax_t log_bytes = 0;
  Parameters best;  // of best_step

  // Keeps the parameters as the best ones.
  void keep_best(const Parameters& parameters);
  // Puts the best ones back.
  void restore_best(Parameters& parameters) const;
};

// SHA-256 over names and values.
std::string digest_of(const Parameters& parameters);

// Writes atomically; `identity` (a hash) is checked on reading.
void write_checkpoint(const std::filesystem::path& path, const std::string& identity, const TrainState& state,
                      const Parameters& parameters, const AdamW& optimizer);

// Fills all three. Throws InputError on a damaged file, one of another identity, or one whose tensors do not fit.
void read_checkpoint(const std::filesystem::path& path, const std::string& identity, TrainState& state, Parameters& parameters,
                     AdamW& optimizer);

}  // namespace zlens
