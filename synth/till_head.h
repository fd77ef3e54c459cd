// The upper part of an invented receipt: brand, company, address, numbers. Free of torch.
#pragma once

#include "synth/till.h"

namespace zlens::synth {

struct TillHead {
  std::vector<std::string> lines;
  std::vector<std::string> company_parts;
  std::string company;
  std::size_t company_end = 0;  // the line after the company
};

// `separator` follows labels.
TillHead draw_head(Rng& rng, std::string_view separator, std::span<const std::string> known);

}  // namespace zlens::synth
