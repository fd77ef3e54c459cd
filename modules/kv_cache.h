// Keys and values of past tokens.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace zlens {

struct KvShape {
  std::int64_t layers = 0, kv_heads = 0, head_dim = 0;
  at::ScalarType dtype = at::ScalarType::Float;
  at::Device device = at::kCPU;
};

// A prefix of one sequence, ready to be put in front of rows. Immutable; shared between threads and contexts.
struct KvPrefix {
  std::vector<at::Tensor> keys, values;  // for each layer [Hkv, T, Dh]
  std::int64_t length() const { return keys.empty() ? 0 : keys.front().size(1); }
  std::size_t bytes() const;
};

// B rows of slots, filled from the left; rows are aligned by padding slots (position -1) that attention skips.
// Not thread-safe: part of one context.
class KvCache {
 public:
  KvCache() = default;
  // `capacity`: slots to allocate at once; grows when exceeded.
  KvCache(const KvShape& shape, std::int64_t batch, std::int64_t capacity);

  // Rows of different prefixes side by side, each right-aligned; an entry may be nullptr (no prefix).
  static KvCache from_prefixes(const KvShape& shape, const std::vector<const KvPrefix*>& rows, std::int64_t capacity);

  std::int64_t batch() const { return next_positions_.defined() ? next_positions_.size(0) : 0; }
  std::int64_t length() const { return length_; }  // slots in use
  at::Device device() const { return shape_.device; }
  bool empty() const { return length_ == 0; }

  // Opens T new slots for tokens valid [B, T] (bool; undefined: all). Returns their positions [B, T] int64, -1 for padding.
  // They count as used only after `advance`.
  at::Tensor open_slots(const at::Tensor& valid, std::int64_t tokens);
  // The same for tokens whose positions [B, T] (int64, -1: padding) are given.
  void open_slots_at(const at::Tensor& positions);
  void advance(std::int64_t tokens) { length_ += tokens; }
  // Slots for tokens [from, to) of a prefix, at their positions in it. Of a cache of one row.
  void append(const KvPrefix& prefix, std::int64_t from, std::int64_t to);

  const at::Tensor& key(std::int64_t layer) const { return keys_[static_cast<std::size_t>(layer)]; }      // [B, Hkv, C, Dh]
  const at::Tensor& value(std::int64_t layer) const { return values_[static_cast<std::size_t>(layer)]; }  // [B, Hkv, C, Dh]
  const at::Tensor& positions() const { return positions_; }                                              // [B, C] int32
  bool has_padding() const { return has_padding_; }

  // Keeps these rows, in this order.
  void select_rows(const std::vector<std::int64_t>& rows);

  // A copy of the first slots of a row without padding; all that are in use where no number is given.
  KvPrefix prefix_of_row(std::int64_t row, std::int64_t slots) const;
  KvPrefix prefix_of_row(std::int64_t row) const { return prefix_of_row(row, length_); }

 private:
  void reserve(std::int64_t slots);

  KvShape shape_;
  std::vector<at::Tensor> keys_, values_;
  at::Tensor positions_;       // [B, C] int32
  at::Tensor next_positions_;  // [B] int64
  std::int64_t length_ = 0, capacity_ = 0;
  bool has_padding_ = false;
};

}  // namespace zlens
