// Arithmetic and word problems, and the sheets that they stand on. Free of torch and OpenCV.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "synth/sample.h"
#include "synth/split.h"

namespace zlens::synth {

// How a sheet writes times and divided by.
struct Signs {
  std::string_view times, divided;
};

struct Exercise {
  std::string field;  // addition, subtraction, multiplication, division, mixed, decimal, word
  std::string text;   // "12 + 7" or a whole word problem
  Decimal answer;
  std::string key;  // the exercise, however it is written; for split_of
};

// One to three operands, mostly up to two digits; divisions are exact.
Exercise make_arithmetic(Rng& rng, const Signs& signs);
// One or two steps; `unseen`: one of the stories, and names, that train and val never use.
Exercise make_word_problem(Rng& rng, bool unseen);

struct Sheet {
  std::string title;  // may be empty
  std::vector<Exercise> exercises;
  std::size_t asked = 0;     // which of them the question is about
  bool equals_sign = false;  // "12 + 7 =" rather than "12 + 7"
  bool numbered() const { return exercises.size() > 1; }
  // An exercise as it stands on the sheet: "3) 12 + 7 =".
  std::string line(std::size_t i) const;
};

std::string describe(const Sheet& sheet);

struct SheetOptions {
  int exercises = 1;        // on a sheet; 0: three to six
  double word_share = 0.4;  // how many of them are word problems, 0 to 1
};

struct SheetSample {
  Sheet sheet;
  Sample sample;
};

// Field: that of the exercise asked about. Metric: numeric. Every exercise on the sheet belongs to the split.
SheetSample make_sheet(Rng& rng, Split split, const SheetOptions& options = {});

}  // namespace zlens::synth
