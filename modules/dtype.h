// Names of compute dtypes, and the bridge between file dtypes and torch's.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "io/safetensors.h"

namespace zlens {

// "fp32", "bf16" or "fp16" as given to --dtype. Throws InputError otherwise.
at::ScalarType parse_dtype(std::string_view name);
std::string dtype_label(at::ScalarType dtype);

// Throws InputError on dtypes that torch cannot compute with here.
at::ScalarType torch_dtype(Dtype dtype);
Dtype file_dtype(at::ScalarType dtype);

// "[2, 17, 512]", for error messages.
std::string shape_text(at::IntArrayRef shape);

}  // namespace zlens
