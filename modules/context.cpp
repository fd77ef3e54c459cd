#include "modules/context.h"

#include <ATen/ATen.h>

namespace zlens {

const SlotChange* Context::change(std::size_t slot) const {
  if (!mix_ || slot >= mix_->slots.size() || !mix_->slots[slot]) return nullptr;
  return &*mix_->slots[slot];
}

void Context::select_rows(const std::vector<std::int64_t>& rows) {
  cache_.select_rows(rows);
  if (!mix_ || !mix_->by_row()) return;
  auto kept = std::make_shared<ActiveMix>(*mix_);
  const at::Tensor index = at::tensor(rows, at::kLong);
  for (auto& slot : kept->slots)
    if (slot) slot = slot->select_rows(index);
  mix_ = std::move(kept);
}

}  // namespace zlens
