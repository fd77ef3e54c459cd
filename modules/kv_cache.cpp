#include "modules/kv_cache.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/error.h"

namespace zlens {

std::size_t KvPrefix::bytes() const {
  std::size_t total = 0;
  for (const auto* list : {&keys, &values})
    for (const at::Tensor& tensor : *list) total += tensor.nbytes();
  return total;
}

KvCache::KvCache(const KvShape& shape, std::int64_t batch, std::int64_t capacity) : shape_(shape) {
  next_positions_ = at::zeros({batch}, at::kLong);
  positions_ = at::full({batch, 0}, -1, at::kInt);
  keys_.resize(static_cast<std::size_t>(shape.layers));
  values_.resize(static_cast<std::size_t>(shape.layers));
  reserve(capacity);
}

KvCache KvCache::from_prefixes(const KvShape& shape, const std::vector<const KvPrefix*>& rows, std::int64_t capacity) {
  std::int64_t longest = 0;
  for (const KvPrefix* row : rows) longest = std::max(longest, row ? row->length() : 0);
  KvCache cache(shape, static_cast<std::int64_t>(rows.size()), std::max(capacity, longest));
  cache.length_ = longest;
  for (std::size_t b = 0; b < rows.size(); ++b) {
    const std::int64_t row = static_cast<std::int64_t>(b), length = rows[b] ? rows[b]->length() : 0;
    cache.has_padding_ |= length != longest;
    cache.next_positions_[row].fill_(length);
    if (length == 0) continue;
    cache.positions_[row].slice(0, longest - length, longest).copy_(at::arange(length, at::kInt));
    for (std::size_t layer = 0; layer < cache.keys_.size(); ++layer) {
      cache.keys_[layer][row].slice(1, longest - length, longest).copy_(rows[b]->keys[layer]);
      cache.values_[layer][row].slice(1, longest - length, longest).copy_(rows[b]->values[layer]);
    }
  }
  return cache;
}

void KvCache::reserve(std::int64_t slots) {
  if (slots <= capacity_) return;
  const std::int64_t capacity = std::max(slots, capacity_ + capacity_ / 2);
  const auto options = at::TensorOptions().dtype(shape_.dtype).device(shape_.device);
  for (auto* list : {&keys_, &values_}) {
    for (at::Tensor& tensor : *list) {
      // Zeroed: padding slots are read (and weighted with 0) by the dense attention path.
      at::Tensor grown = at::zeros({batch(), shape_.kv_heads, capacity, shape_.head_dim}, options);
      if (length_ > 0) grown.slice(2, 0, length_).copy_(tensor.slice(2, 0, length_));
      tensor = std::move(grown);
    }
  }
  at::Tensor positions = at::full({batch(), capacity}, -1, at::kInt);
  if (length_ > 0) positions.slice(1, 0, length_).copy_(positions_.slice(1, 0, length_));
  positions_ = std::move(positions);
  capacity_ = capacity;
}

at::Tensor KvCache::open_slots(const at::Tensor& valid, std::int64_t tokens) {
  reserve(length_ + tokens);
  at::Tensor positions;
  if (valid.defined()) {
    const at::Tensor counted = valid.to(at::kLong).cumsum(1);  // -> [B, T]
    positions = (next_positions_.unsqueeze(1) + counted - 1).masked_fill(valid.logical_not(), -1);
    next_positions_ = next_positions_ + counted.select(1, tokens - 1);
    has_padding_ |= !valid.all().item<bool>();
  } else {
    positions = next_positions_.unsqueeze(1) + at::arange(tokens, at::kLong);
    next_positions_ = next_positions_ + tokens;
  }
  positions_.slice(1, length_, length_ + tokens).copy_(positions);
  return positions;
}

void KvCache::open_slots_at(const at::Tensor& positions) {
  const std::int64_t tokens = positions.size(1);
  reserve(length_ + tokens);
  has_padding_ |= positions.lt(0).any().item<bool>();
  next_positions_ = at::maximum(next_positions_, positions.amax(1) + 1);
  positions_.slice(1, length_, length_ + tokens).copy_(positions);
}

void KvCache::append(const KvPrefix& prefix, std::int64_t from, std::int64_t to) {
  if (from >= to) return;
  open_slots_at(at::arange(from, to, at::kLong).unsqueeze(0));
  for (std::size_t layer = 0; layer < keys_.size(); ++layer) {
    keys_[layer][0].slice(1, length_, length_ + to - from).copy_(prefix.keys[layer].slice(1, from, to));
    values_[layer][0].slice(1, length_, length_ + to - from).copy_(prefix.values[layer].slice(1, from, to));
  }
  advance(to - from);
}

void KvCache::select_rows(const std::vector<std::int64_t>& rows) {
  const at::Tensor index = at::tensor(rows, at::kLong);
  const at::Tensor device_index = index.to(shape_.device);
  for (auto* list : {&keys_, &values_})
    for (at::Tensor& tensor : *list) tensor = tensor.index_select(0, device_index);
  positions_ = positions_.index_select(0, index);
  next_positions_ = next_positions_.index_select(0, index);
}

KvPrefix KvCache::prefix_of_row(std::int64_t row, std::int64_t slots) const {
  if (has_padding_) throw Error("a prefix can only be taken from rows without padding");
  KvPrefix prefix;
  for (std::size_t layer = 0; layer < keys_.size(); ++layer) {
    prefix.keys.push_back(keys_[layer][row].slice(1, 0, slots).clone());
    prefix.values.push_back(values_[layer][row].slice(1, 0, slots).clone());
  }
  return prefix;
}

}  // namespace zlens
