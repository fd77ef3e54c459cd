// In which order training meets its samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "experts/sample_stream.h"

namespace zlens {

// Groups of a stream, shuffled anew for every epoch; a function of seed and position alone. Streams of more than 2^20 samples count
// as endless and are taken as they come. Not thread-safe.
class SampleOrder {
 public:
  SampleOrder(const SampleStream& stream, std::uint64_t seed);

  // Indices of the next group's samples; moves on.
  std::vector<std::size_t> next();

  std::uint64_t position() const { return position_; }
  void set_position(std::uint64_t position) { position_ = position; }

 private:
  const SampleStream& stream_;
  std::uint64_t seed_, position_ = 0, epoch_ = ~std::uint64_t{0};
  std::vector<std::size_t> starts_;  // of every group; empty: endless
  std::vector<std::size_t> order_;   // of the current epoch
};

}  // namespace zlens
