// Rows of different lengths as one tensor.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <functional>

namespace zlens {

// [B, length] int64: of each of `items` its `values` (a member, data or function: int64 numbers, at most `length`), then `filler`.
template <typename Items, typename Values>
at::Tensor padded_rows(const Items& items, Values values, std::int64_t length, std::int64_t filler) {
  at::Tensor out = at::full({static_cast<std::int64_t>(items.size()), length}, filler, at::kLong);
  auto* data = out.template mutable_data_ptr<std::int64_t>();
  for (const auto& item : items) {
    const auto& row = std::invoke(values, item);
    std::copy(row.begin(), row.end(), data);
    data += length;
  }
  return out;
}

}  // namespace zlens
