#include "train/sample_order.h"

#include <numeric>

#include "io/error.h"
#include "text/sampling.h"

namespace zlens {
namespace {

constexpr std::size_t kEndless = std::size_t{1} << 20;

}  // namespace

SampleOrder::SampleOrder(const SampleStream& stream, std::uint64_t seed) : stream_(stream), seed_(seed) {
  if (stream.size() == 0) throw InputError("there is nothing to train on: the data hold no sample");
  if (stream.size() > kEndless) return;
  for (std::size_t i = 0; i < stream.size(); i = stream.group_end(i)) starts_.push_back(i);
}

std::vector<std::size_t> SampleOrder::next() {
  std::size_t first = position_;
  if (!starts_.empty()) {
    const std::uint64_t epoch = position_ / starts_.size();
    if (epoch != epoch_) {
      order_ = starts_;
      auto random = sampling_stream(seed_, epoch);
      for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random() % i]);
      epoch_ = epoch;
    }
    first = order_[position_ % starts_.size()];
  }
  ++position_;
  std::vector<std::size_t> indices(stream_.group_end(first) - first);
  std::iota(indices.begin(), indices.end(), first);
  return indices;
}

}  // namespace zlens
