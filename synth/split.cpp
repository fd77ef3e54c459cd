#include "synth/split.h"

#include "io/error.h"

namespace zlens::synth {

Split parse_split(std::string_view name) {
  for (const Split split : {Split::Train, Split::Val, Split::Test})
    if (split_name(split) == name) return split;
  throw InputError("split '" + printable(name) + "' is not generated (known: train, val, test)");
}

std::string_view split_name(Split split) {
  return split == Split::Train ? "train" : split == Split::Val ? "val" : "test";
}

Split split_of(std::string_view key) {
  const std::uint64_t part = stable_hash(key) % 8;
  return part < 6 ? Split::Train : part == 6 ? Split::Val : Split::Test;
}

}  // namespace zlens::synth
