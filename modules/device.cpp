#include "modules/device.h"

#include <charconv>
#include <string>

#include "io/error.h"
#if defined(ZLENS_CUDA)
#include <c10/cuda/CUDAFunctions.h>
#endif

namespace zlens {
namespace {

int cuda_devices(const std::string& name) {
#if defined(ZLENS_CUDA)
  return c10::cuda::device_count();
#else
  throw InputError("device '" + name + "': this build has no CUDA (configure with -DZLENS_CUDA=ON; scripts/build-cuda does)");
#endif
}

}  // namespace

at::Device parse_device(std::string_view name) {
  if (name == "cpu") return at::kCPU;
  int index = 0;
  bool known = name == "cuda";
  if (name.starts_with("cuda:")) {
    const std::string_view number = name.substr(5);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    known = error == std::errc() && end == number.data() + number.size() && index >= 0 && index < 128;
  }
  const std::string text(name);
  if (!known) throw InputError("device '" + text + "' is not known (cpu, cuda or cuda:N)");
  if (const int found = cuda_devices(text); index >= found)
    throw InputError("device '" + text + "': this machine has " + std::to_string(found) + " usable CUDA devices");
  return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

}  // namespace zlens
