#include "io/torch_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "io/safetensors.h"
#include "io/support.h"

namespace zlens {
namespace {

std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(ZLENS_FIXTURES) / "torch" / name;
}

std::vector<float> expected_values(const Safetensors& file, const std::string& name) {
  const auto bytes = file.data(file.tensors().at(name));
  std::vector<float> out(bytes.size() / sizeof(float));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

TEST(TorchFile, ReadsWhatTorchReads) {
  const auto file = TorchFile::open(fixture("mixed.pt"));
  const auto expected = Safetensors::open(fixture("mixed.safetensors"));
  for (const auto& [name, info] : expected->tensors()) {
    ASSERT_TRUE(file->tensors().contains(name)) << name;
    EXPECT_EQ(file->tensors().at(name).shape, info.shape) << name;
    EXPECT_EQ(file->values(name), expected_values(*expected, name)) << name;
  }
  EXPECT_EQ(file->tensors().size(), expected->tensors().size() + 2) << "and two tensors of integers";
}

TEST(TorchFile, KeepsDtypesAndSharedStorages) {
  const auto file = TorchFile::open(fixture("mixed.pt"));
  const auto& tensors = file->tensors();
  EXPECT_EQ(tensors.at("half").dtype, Dtype::F16);
  EXPECT_EQ(tensors.at("double").dtype, Dtype::F64);
  EXPECT_EQ(tensors.at("parameter").dtype, Dtype::BF16);
  EXPECT_EQ(tensors.at("integers").dtype, Dtype::I64);
  EXPECT_EQ(tensors.at("head").storage.data(), tensors.at("tail").storage.data());
  EXPECT_EQ(tensors.at("transposed").strides, (std::vector<std::int64_t>{1, 6}));
  test::expect_refused("mixed.pt", "holds I64", [&] { file->values("integers"); });
}

TEST(TorchFile, ReadsStateDicts) {
  const auto named = TorchFile::open(fixture("named.pt"))->tensors();
  EXPECT_TRUE(named.contains("model.layers.0.mlp.gate_proj.weight"));
  const auto positional = TorchFile::open(fixture("positional.pt"))->tensors();
  EXPECT_EQ(positional.size(), named.size());
  EXPECT_TRUE(positional.contains("learnable_params_module_list.0"));
}

TEST(TorchFile, RefusesOtherFormatsByName) {
  test::expect_refused("legacy.pt", "before version 1.6", [] { TorchFile::open(fixture("legacy.pt")); });
  test::expect_refused("bare.pt", "bare pickle", [] { TorchFile::open(fixture("bare.pt")); });
  test::expect_refused("mixed.safetensors", "no zip archive", [] { TorchFile::open(fixture("mixed.safetensors")); });
  test::expect_refused("absent", "", [] { TorchFile::open(fixture("absent")); });
}

}  // namespace
}  // namespace zlens
