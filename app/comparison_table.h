// A comparison of runs as tables for people.
#pragma once

#include <ostream>

#include "eval/compare.h"

namespace zlens {

// The runs with their scores; for each run after the first its differences by group; the samples that changed most.
void print_comparison(std::ostream& out, const Comparison& comparison);

}  // namespace zlens
