// The memory of tensors for the CPU's loops. Internal to modules/.
#pragma once

#include <ATen/core/Tensor.h>

#include "modules/vector_math.h"

namespace zlens::kernels {

template <typename T>
const T* input(const at::Tensor& x) {
  return static_cast<const T*>(x.const_data_ptr());
}
template <typename T>
T* output(const at::Tensor& x) {
  return static_cast<T*>(x.mutable_data_ptr());
}

// Calls `body` with a value of the storage type of `x`: float or Bf16.
template <typename Body>
auto with_storage(const at::Tensor& x, const Body& body) {
  return x.scalar_type() == at::kFloat ? body(float{}) : body(Bf16{});
}

}  // namespace zlens::kernels
