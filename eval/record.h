// One line of a run's samples.jsonl.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "eval/answerer.h"
#include "eval/task.h"
#include "io/json.h"

namespace zlens {

struct SampleRecord {
  std::string id, field, question;
  std::vector<std::string> images;  // as the data set names them
  std::string prompt_sha256, prediction;
  std::vector<std::string> references;
  std::optional<double> score;  // 0..1; nothing where the sample has no references
  Json mix = Json::array();
  Json why;  // how a dispatcher came to it, or null
  double first_pass_s = 0, second_pass_s = 0;
  std::int64_t tokens = 0;
  std::string error;  // not empty: the sample failed; its score is 0
};

// The record of `answer`, scored by `metric` (or the sample's own). The prediction is stripped of white space at both ends and
// made valid UTF-8 first, so that scoring it again gives the same.
SampleRecord make_record(const Sample& sample, const Answer& answer, std::string_view metric);

// The score of `prediction` for `sample`; nothing where the sample has no references.
std::optional<double> score_sample(const Sample& sample, std::string_view prediction, std::string_view metric);

Json to_json(const SampleRecord& record);

// Throws InputError naming the key that is missing or of another kind.
SampleRecord record_from_json(const Json& json);

}  // namespace zlens
