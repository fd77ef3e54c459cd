// The CUDA launch of modules/scaled_rows.h. Free of torch and of CUDA's headers.
#pragma once

#include "modules/scaled_rows.h"

namespace zlens::kernels {

// All pointers are on the device of `stream` (a cudaStream_t). Returns nullptr, or CUDA's text of what went wrong.
const char* scale_rows_cuda(const ScaledRows<float>& in, std::int64_t sets, void* stream);
const char* scale_rows_cuda(const ScaledRows<Bf16>& in, std::int64_t sets, void* stream);

}  // namespace zlens::kernels
