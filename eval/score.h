// Scores for predictions that exist already.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "eval/task.h"
#include "io/json.h"

namespace zlens {

struct ScoreResult {
  Json summary;                      // as in summary.json, with "missing": how many samples have no prediction
  std::vector<std::string> missing;  // their ids, in the data set's order; each counts 0
};

// `metric`: empty for the task's (or each sample's own). Throws InputError where a prediction's id is not among the samples.
ScoreResult score_predictions(const Task& task, const std::vector<Sample>& samples,
                              const std::unordered_map<std::string, std::string>& predictions, const std::string& metric = {});

// The samples that `run_or_file` is about: of a run folder, those its config.json says (task.read with its limit); else all.
std::vector<Sample> samples_to_score(const Task& task, const std::filesystem::path& data, const std::string& split,
                                     const std::filesystem::path& run_or_file);

}  // namespace zlens
