#include "io/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <numeric>

#include "io/safetensors_bytes.h"
#include "io/support.h"

namespace zlens {
namespace {

using test::entry;
using test::expect_refused;
using test::read_bytes;
using test::safetensors_bytes;
using test::TemporaryFolder;
using test::write_bytes;

constexpr Dtype kAll[] = {Dtype::Bool, Dtype::U8,  Dtype::I8,  Dtype::F8E5M2, Dtype::F8E4M3, Dtype::I16, Dtype::U16, Dtype::F16,
                          Dtype::BF16, Dtype::I32, Dtype::U32, Dtype::F32,    Dtype::F64,    Dtype::I64, Dtype::U64};

// Tensors with contents that tell them apart.
class Samples {
 public:
  void add(std::string name, Dtype dtype, std::vector<std::int64_t> shape) {
    auto bytes = static_cast<std::size_t>(std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
    std::vector<std::byte>& data = data_.emplace_back(bytes * dtype_size(dtype));
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 7 + tensors.size() * 31);
    tensors.push_back({std::move(name), dtype, std::move(shape), data});
  }
  std::vector<TensorToWrite> tensors;

 private:
  std::deque<std::vector<std::byte>> data_;
};

Samples all_kinds() {
  Samples samples;
  for (const Dtype dtype : kAll) samples.add(std::string("木/") + dtype_name(dtype), dtype, {3, 5});
  samples.add("scalar", Dtype::F32, {});
  samples.add("empty", Dtype::F64, {2, 0, 3});
  samples.add("also empty", Dtype::U8, {0});
  samples.add("quote\"\\\n", Dtype::U8, {1});
  return samples;
}

TEST(Safetensors, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  const Samples samples = all_kinds();
  const std::map<std::string, std::string> metadata{{"format", "pt"}, {"", "a\n\"木"}};
  write_safetensors(folder / "a", samples.tensors, metadata);
  const auto file = Safetensors::open(folder / "a");
  EXPECT_EQ(file->metadata(), metadata);
  ASSERT_EQ(file->tensors().size(), samples.tensors.size());
  for (const TensorToWrite& sample : samples.tensors) {
    const TensorInfo& info = file->tensors().at(sample.name);
    EXPECT_EQ(info.dtype, sample.dtype) << sample.name;
    EXPECT_EQ(info.shape, sample.shape) << sample.name;
    const auto data = file->data(info);
    EXPECT_TRUE(std::equal(data.begin(), data.end(), sample.data.begin(), sample.data.end())) << sample.name;
    if (!data.empty()) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data.data()) % dtype_size(sample.dtype), 0U) << sample.name;
    }
  }
}

TEST(Safetensors, EqualInputMakesEqualFilesInAnyOrder) {
  const TemporaryFolder folder;
  Samples samples = all_kinds();
  write_safetensors(folder / "a", samples.tensors, {{"x", "1"}, {"b", "2"}});
  std::reverse(samples.tensors.begin(), samples.tensors.end());
  write_safetensors(folder / "b", samples.tensors, {{"b", "2"}, {"x", "1"}});
  EXPECT_EQ(read_bytes(folder / "a"), read_bytes(folder / "b"));
}

TEST(Safetensors, DataStartsAtAMultipleOf64) {
  const TemporaryFolder folder;
  for (std::size_t length = 1; length < 80; ++length) {
    Samples samples;
    samples.add(std::string(length, 'n'), Dtype::U8, {1});
    write_safetensors(folder / "a", samples.tensors, {});
    EXPECT_EQ((read_bytes(folder / "a").size() - 1) % 64, 0U) << length;
    EXPECT_NO_THROW(Safetensors::open(folder / "a")) << length;
  }
}

TEST(Safetensors, NoTensorsAtAll) {
  const TemporaryFolder folder;
  write_safetensors(folder / "a", {}, {});
  EXPECT_TRUE(Safetensors::open(folder / "a")->tensors().empty());
  write_bytes(folder / "b", safetensors_bytes("{}", 0));
  EXPECT_TRUE(Safetensors::open(folder / "b")->tensors().empty());
}

TEST(Safetensors, HandMadeVariantsAreAccepted) {
  const TemporaryFolder folder;
  const std::string accepted[] = {
      safetensors_bytes("{" + entry("a", "F32", "[2]", "[0,8]") + "}      ", 8),
      safetensors_bytes("{\"__metadata__\":{}," + entry("a", "F32", "[]", "[0,4]") + "}", 4),
      safetensors_bytes("{" + entry("b", "U8", "[1]", "[4,5]") + "," + entry("a", "F32", "[1,1]", "[0,4]") + "}", 5),
      safetensors_bytes("{" + entry("e", "F32", "[0]", "[4,4]") + "," + entry("a", "F32", "[1,1]", "[0,4]") + "}", 4),
      safetensors_bytes("{" + entry("e", "F32", "[0]", "[0,0]") + "," + entry("f", "I8", "[9,0]", "[0,0]") + "}", 0),
      safetensors_bytes("{" + entry(std::string(512, 'n'), "F8_E4M3", "[1]", "[0,1]") + "}", 1),
  };
  for (const std::string& bytes : accepted) {
    write_bytes(folder / "a", bytes);
    EXPECT_NO_THROW(Safetensors::open(folder / "a")) << bytes;
  }
}

// Written by the Python package out of NumPy arrays.
TEST(Safetensors, ReadsFilesOfTheReferencePackage) {
  const auto file = Safetensors::open(std::string(ZLENS_FIXTURES) + "/gguf/expected.safetensors");
  EXPECT_EQ(file->metadata().at("made_by"), "gguf.quants.dequantize");
  EXPECT_EQ(file->tensors().size(), 11U);
  EXPECT_EQ(file->tensors().at("Q6_K").shape, (std::vector<std::int64_t>{3, 512}));
  EXPECT_EQ(file->tensors().at("Q6_K").dtype, Dtype::F32);
}

TEST(Safetensors, InfoOfAnotherFileIsAnError) {
  const TemporaryFolder folder;
  write_bytes(folder / "a", safetensors_bytes("{" + entry("a", "U8", "[2]", "[0,2]") + "}", 2));
  const auto file = Safetensors::open(folder / "a");
  EXPECT_THROW(file->data({Dtype::U8, {4}, 0, 4}), Error);
  EXPECT_THROW(file->data({Dtype::U8, {4}, 2, 1}), Error);
}

TEST(WriteSafetensors, BadInputIsNamedAndNothingIsWritten) {
  const TemporaryFolder folder;
  const std::string path = (folder / "a").string();
  const std::vector<std::byte> data(8);
  const auto refused = [&](const char* fragment, std::vector<TensorToWrite> tensors,
                           std::map<std::string, std::string> metadata = {}) {
    expect_refused(path, fragment, [&] { write_safetensors(path, tensors, metadata); });
  };
  refused("given twice", {{"n", Dtype::U8, {8}, data}, {"n", Dtype::F32, {2}, data}});
  refused("need 12 bytes, the data has 8", {{"n", Dtype::F32, {3}, data}});
  refused("negative", {{"n", Dtype::F32, {-1, -2}, data}});
  refused("overflows", {{"n", Dtype::F32, {1LL << 62, 4}, data}});
  refused("__metadata__", {{"__metadata__", Dtype::U8, {8}, data}});
  refused("UTF-8", {{"\xFF", Dtype::U8, {8}, data}});
  refused("512", {{std::string(513, 'n'), Dtype::U8, {8}, data}});
  refused("not UTF-8", {}, {{"k", "\xFF"}});
  refused("not UTF-8", {}, {{"\xFF", ""}});
  EXPECT_EQ(test::entries(folder.path()), 0U);
}

TEST(WriteSafetensors, AFolderThatIsMissingIsAnError) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_safetensors(folder.path() / "none" / "a", {}, {}), Error);
}

}  // namespace
}  // namespace zlens
