// A run's scores in one object.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "eval/record.h"
#include "io/json.h"

namespace zlens {

struct Mean {
  std::int64_t count = 0;
  double sum = 0;
  void add(double value) { ++count, sum += value; }
  // null where nothing was added.
  Json json() const { return count > 0 ? Json(sum / static_cast<double>(count)) : Json(); }
};

// {"task", "metric", "score", "by_field": {name: score}, "samples_by_field": {name: count}, "samples", "failed", "unscored",
//  "tokens_mean", "first_pass_s", "second_pass_s"}. `score` is the mean in 0..1, summed in the records' order, failed samples as 0;
//  samples
// without references are counted as `unscored` and left out of it; null where none is left. Times are totals of seconds.
Json summarize(std::string_view task, std::string_view metric, const std::vector<SampleRecord>& records);

}  // namespace zlens
