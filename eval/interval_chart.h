// Estimates with their intervals, as dots on lines.
#pragma once

#include <string>
#include <vector>

#include "eval/statistics.h"

namespace zlens {

struct IntervalRow {
  std::string name;
  std::vector<Estimate> estimates;  // one for each series
};

// One row a name, against a dotted vertical line at `base`.
struct IntervalChart {
  std::string label, x_label;
  std::vector<std::string> series;
  std::vector<IntervalRow> rows;
  double base = 0;
  double width = 420;
};

// The drawing. All numbers must be finite and at most 1e30 in magnitude.
std::string interval_chart(const IntervalChart& chart);

}  // namespace zlens
