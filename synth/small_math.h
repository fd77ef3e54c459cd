// One exercise or equation in a small picture. Free of torch and OpenCV.
#pragma once

#include <string>
#include <vector>

#include "synth/exercises.h"

namespace zlens::synth {

struct SmallExercise {
  Exercise exercise;                // its text has no equals sign but in an equation
  std::string shown;                // in one line: "23+48=", "7 x 8 = ?", "x + 7 = 12"
  std::vector<std::string> column;  // the same as it is written in a column: "23", "+ 48"; empty where nobody does
};

struct SmallExerciseSample {
  SmallExercise exercise;
  Sample sample;
  std::string key;  // the facts, for split_of: 7 × 8 and 8 × 7 are two exercises
};

// Fields: addition and subtraction (up to two digits, no result below 0), multiplication (one digit by one or two), division (that
// comes out even), mixed (three operands), and equation (with one unknown). Metric: numeric.
SmallExerciseSample make_small_exercise(Rng& rng, Split split);

}  // namespace zlens::synth
