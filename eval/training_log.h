// The log of a training run: JSON lines, `config` first, then `step` and `validation`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/json.h"

namespace zlens {

struct Validation {
  std::int64_t step = 0;
  double score = 0;
  std::optional<double> base_score;
  std::map<std::string, double> by_field;
  bool best = false;  // the best so far
};

struct TrainingLog {
  std::string name;  // the configuration's `name`, else the file's
  std::string task;  // the configuration's, else "training"
  Json config;
  std::map<std::int64_t, std::map<std::string, double>>
      steps;                            // the numbers of each step's line by key; times (keys ending in _s) aside
  std::vector<Validation> validations;  // by step
};

// Reads a log, also of a training run that goes on: a last line without its newline is left out, of lines about the same step (a
// run was resumed) the last counts, kinds of lines that are not known are passed over. Throws InputError naming file and line where
// a line is damaged or the first is not a `config`.
TrainingLog read_training_log(const std::filesystem::path& file);

// The validation that won: the last one marked best, else the one with the highest score. Null where there is none.
const Validation* best_validation(const TrainingLog& log);

}  // namespace zlens
