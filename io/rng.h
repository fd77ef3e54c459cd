// Random numbers that are the same on every machine: the standard fixes the engine, but not its distributions.
#pragma once

#include <cstdint>
#include <random>

namespace zlens {

// Not thread-safe.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t bits() { return engine_(); }

  // Uniform in 0..bound-1 without bias (Lemire, arXiv 1805.10941). `bound` must not be 0.
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = (engine_() >> 32) * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t unfair = -bound % bound;
      while (static_cast<std::uint32_t>(product) < unfair) product = (engine_() >> 32) * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace zlens
