#include "synth/rng.h"

namespace zlens::synth {
namespace {

std::uint64_t finalized(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

}  // namespace

std::int64_t Rng::integer(std::int64_t low, std::int64_t high) {
  if (low > high) throw std::logic_error("an empty range of integers");
  const std::uint64_t count = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  if (count == 0) return static_cast<std::int64_t>(next());
  // The numbers from here on would make the first values of a remainder likelier.
  const std::uint64_t usable = UINT64_MAX - UINT64_MAX % count;
  std::uint64_t x = next();
  while (x >= usable) x = next();
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + x % count);
}

std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return finalized(hash);
}

std::uint64_t mix_seeds(std::uint64_t a, std::uint64_t b) {
  return finalized(finalized(a) ^ b);
}

}  // namespace zlens::synth
