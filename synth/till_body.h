// The items and the totals of an invented receipt. Free of torch.
#pragma once

#include <string>
#include <vector>

#include "synth/rng.h"

namespace zlens::synth {

struct TillBody {
  std::vector<std::string> lines;
  std::string total;  // as printed beside its label
};

TillBody draw_body(Rng& rng);

}  // namespace zlens::synth
