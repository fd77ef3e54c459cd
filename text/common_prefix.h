// Texts that begin alike, in tokens.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace zlens {

// How many ids both begin with.
inline std::int64_t common_prefix(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
}

}  // namespace zlens
