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
  std::string
      name;  // the configuration's `name`, else the file's, or its folder's for log.jsonl: "a" for a.safetensors.train/log.jsonl
  std::string task;  // the configuration's, there or among its flags; else "training"
  Json config;
  // The numbers of each step's line by key. Times (keys ending in _s) are left out, and what tells of the model's own answers
  // (reward, kl, signal, drift) where the step imitates others: a `phase` that is not "rl".
  std::map<std::int64_t, std::map<std::string, double>> steps;
  std::int64_t imitated = 0;            // such steps
  std::vector<Validation> validations;  // by step
};

// Reads a log, also of a training run that goes on: a last line without its newline is left out, of lines about the same step (a
// run was resumed) the last counts, kinds of lines that are not known are passed over. Throws InputError naming file and line where
// a line is damaged or the first is not a `config`.
TrainingLog read_training_log(const std::filesystem::path& file);

// The validation that won: the last one marked best, else the one with the highest score. Null where there is none.
const Validation* best_validation(const TrainingLog& log);

}  // namespace zlens
