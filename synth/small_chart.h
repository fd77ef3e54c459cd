// Charts that are legible in 128 pixels: few categories, short names, round numbers. Free of torch and OpenCV.
#pragma once

#include "synth/chart.h"

namespace zlens::synth {

// Two to six categories with names of up to six letters; the title may be empty.
struct SmallChart {
  Chart chart;
};

struct SmallChartSample {
  SmallChart chart;
  Sample sample;
  std::vector<Sample> more;  // other questions about it; none with `options.note_question`
  std::string key;           // the facts, for split_of
};

// Fields and metrics as make_chart. With `options.note_question` the note is the question in one to three words ("May?",
// "Highest month?", "May + Jun = ?") and the chart has one series.
SmallChartSample make_small_chart(Rng& rng, Split split, const ChartOptions& options = {});

}  // namespace zlens::synth
