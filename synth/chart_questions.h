// Questions about charts and their answers. Free of torch.
#pragma once

#include "synth/chart.h"
#include "synth/chart_topics.h"

namespace zlens::synth {

struct ChartToAsk {
  const Chart& chart;
  const NamesInfo& categories;
  const NamesInfo* series;  // null with one series
};

// A sample without its text. `unseen`: the question is worded as no train or val question is.
Sample ask_about(Rng& rng, const ChartToAsk& about, bool unseen);

}  // namespace zlens::synth
