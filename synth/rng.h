// Random numbers that are the same everywhere: std::mt19937_64 is fixed by the standard, its distributions are not. Free of torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace zlens::synth {

// Not thread-safe; one for each sample.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t next() { return engine_(); }
  std::int64_t integer(std::int64_t low, std::int64_t high);  // low..high, both included, each equally likely; needs low <= high
  double real() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }  // [0, 1)
  double real(double low, double high) { return low + (high - low) * real(); }
  bool chance(double probability) { return real() < probability; }

  // An element of what is not empty.
  template <typename Items>
  const auto& pick(const Items& items) {
    return items[static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(std::size(items)) - 1))];
  }

  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t left = items.size(); left > 1; --left)
      std::swap(items[left - 1], items[static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(left) - 1))]);
  }

  // `count` different elements of `items`, in random order.
  template <typename Items>
  auto pick_some(const Items& items, std::size_t count) {
    std::vector<typename std::remove_cvref_t<decltype(items[0])>> all(std::begin(items), std::end(items));
    if (count > all.size()) throw std::logic_error("more elements wanted than there are");
    shuffle(all);
    all.resize(count);
    return all;
  }

 private:
  std::mt19937_64 engine_;
};

// A hash of text that never changes (FNV-1a, then the finalizer of SplitMix64); not for secrets.
std::uint64_t stable_hash(std::string_view text);

// Seeds that belong to one another share nothing visible: the finalizer of SplitMix64 over both.
std::uint64_t mix_seeds(std::uint64_t a, std::uint64_t b);

}  // namespace zlens::synth
