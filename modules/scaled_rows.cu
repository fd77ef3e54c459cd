#include <cuda_runtime.h>

#include "modules/scaled_rows_cuda.h"

namespace zlens::kernels {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMostBlocks = 65535;

template <typename T>
__global__ void scale_rows_kernel(ScaledRows<T> in, std::int64_t values) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < values; at += step) {
    const std::int64_t row = at / in.width;
    scale_value(in, row / in.rows, row, at % in.width);
  }
}

template <typename T>
const char* launch(const ScaledRows<T>& in, std::int64_t sets, void* stream) {
  const std::int64_t values = sets * in.rows * in.width;
  if (values == 0) return nullptr;
  const std::int64_t wanted = (values + kThreads - 1) / kThreads, blocks = wanted < kMostBlocks ? wanted : kMostBlocks;
  scale_rows_kernel<<<static_cast<unsigned>(blocks), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(in, values);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace

const char* scale_rows_cuda(const ScaledRows<float>& in, std::int64_t sets, void* stream) {
  return launch(in, sets, stream);
}
const char* scale_rows_cuda(const ScaledRows<Bf16>& in, std::int64_t sets, void* stream) {
  return launch(in, sets, stream);
}

}  // namespace zlens::kernels
