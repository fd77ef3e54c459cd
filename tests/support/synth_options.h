// What tests of generated data ask for.
#pragma once

#include <cstdint>
#include <filesystem>

#include "synth/split.h"

namespace zlens::synth {

// Options: DatasetOptions or TillOptions.
template <class Options>
Options options_for(const std::filesystem::path& out, Split split, std::int64_t count) {
  Options options;
  options.out = out;
  options.seed = 5;
  options.split = split;
  options.count = count;
  return options;
}

}  // namespace zlens::synth
