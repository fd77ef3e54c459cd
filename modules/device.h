// Where a model computes.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>

namespace zlens {

// "cpu", "cuda" or "cuda:N" as given to --device. Throws InputError on other names, in builds without CUDA, and where the machine
// has no such device.
at::Device parse_device(std::string_view name);

}  // namespace zlens
