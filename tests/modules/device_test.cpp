#include "modules/device.h"

#include <gtest/gtest.h>

#include "io/error.h"

namespace zlens {
namespace {

TEST(Device, TheCpuIsKnown) {
  EXPECT_EQ(parse_device("cpu"), at::Device(at::kCPU));
}

TEST(Device, OtherNamesAreRefused) {
  for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:999", "cuda:1x", "CPU", "meta"})
    EXPECT_THROW(parse_device(name), InputError) << name;
}

TEST(Device, ADeviceThatIsNotThereIsRefusedWithAWayOut) {
  try {
    parse_device("cuda:127");
    FAIL();
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_TRUE(text.find("scripts/build-cuda") != std::string::npos || text.find("usable CUDA devices") != std::string::npos) << text;
  }
}

}  // namespace
}  // namespace zlens
