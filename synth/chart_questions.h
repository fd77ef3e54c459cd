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

// Common; as no train or val question is worded; either; or in a few words that stand in a picture: "May?", "Highest month?".
enum class Wording { Common, Unseen, Any, Brief };

// A sample without its text; `unseen` where it is worded so.
Sample ask_about(Rng& rng, const ChartToAsk& about, Wording wording);

}  // namespace zlens::synth
