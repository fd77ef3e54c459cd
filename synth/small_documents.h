// What small documents say: receipts, tickets, price tags, signs, forms. Free of torch and OpenCV.
#pragma once

#include "synth/reading.h"

namespace zlens::synth {

struct SmallDocument {
  Note note;
  std::vector<std::string> metrics;  // of each line's value: numeric or exact_match
};

// `unseen`: of a sort that no train or val sample has.
SmallDocument draw_small_document(Rng& rng, bool unseen);

}  // namespace zlens::synth
