// A run's scores as a table for people.
#pragma once

#include <ostream>

#include "io/json.h"

namespace zlens {

// One row a field, then the whole: samples and score. `summary` as in summary.json, or as `zlens score` gives it.
void print_summary(std::ostream& out, const Json& summary);

}  // namespace zlens
