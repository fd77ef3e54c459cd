// Which part of the generated data a sample belongs to. Free of torch.
#pragma once

#include <string_view>

#include "synth/rng.h"

namespace zlens::synth {

enum class Split { Train, Val, Test };

Split parse_split(std::string_view name);  // train, val, test; throws InputError
std::string_view split_name(Split split);

// The split that owns a sample's facts, whatever the seed: `key` says them in one fixed way (6/8 train, 1/8 val, 1/8 test).
Split split_of(std::string_view key);

// Half of the test samples use names, topics and wordings that no train or val sample has.
inline bool draw_unseen(Rng& rng, Split split) {
  return split == Split::Test && rng.chance(0.5);
}

// What `make(rng)` gives once its `.key` belongs to the split: eight attempts on average at most.
template <typename Make>
auto in_split(Rng& rng, Split split, const Make& make) {
  for (;;) {
    auto made = make(rng);
    if (split_of(made.key) == split) return made;
  }
}

}  // namespace zlens::synth
