#include "experts/truncate.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace zlens {
namespace {

// Components that a kernel reads at once: fewer left over would cost as much. In a small matrix that would be all there are.
std::int64_t step(std::int64_t rank) {
  constexpr std::int64_t kLanes = 32;
  return rank >= 8 * kLanes ? kLanes : 1;
}

}  // namespace

SlotChange truncate(const SlotChange& change, double tolerance) {
  const at::Tensor size = change.scale.abs(), largest = size.amax(-1, /*keepdim=*/true);  // -> [B, R], [B, 1]
  const at::Tensor importance = (size / largest).nan_to_num(0).amax(0);                   // -> [R]
  const std::int64_t rank = size.size(1), wanted = importance.gt(tolerance).sum().item<std::int64_t>();
  const std::int64_t count = std::min(rank, (wanted + step(rank) - 1) / step(rank) * step(rank));
  const at::Tensor index = std::get<0>(importance.argsort(/*dim=*/0, /*descending=*/true).slice(0, 0, count).sort());
  const at::Tensor dropped = size.index_fill(1, index, 0);
  SlotChange out = change;
  out.truncation = {count, rank, dropped.max().item<double>(), dropped.to(at::kDouble).square().sum(-1).sqrt().max().item<double>(),
                    largest.max().item<double>()};
  if (count == rank) return out;
  const auto& [u, s, vt] = *change.factors;
  out.factors =
      std::make_shared<const Factors>(Factors{u.index_select(1, index), s.index_select(0, index), vt.index_select(0, index)});
  out.scale = change.scale.index_select(1, index);
  return out;
}

}  // namespace zlens
