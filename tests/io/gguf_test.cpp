#include "io/gguf.h"

#include <gtest/gtest.h>

#include <limits>

#include "io/support.h"

namespace zlens {
namespace {

std::shared_ptr<const Gguf> fixture(const char* name) {
  return Gguf::open(std::string(ZLENS_FIXTURES) + "/gguf/" + name);
}

TEST(Gguf, IntegersOfEveryWidth) {
  const auto file = fixture("types.gguf");
  EXPECT_EQ(file->integer("test.u8"), 255);
  EXPECT_EQ(file->integer("test.i8"), -128);
  EXPECT_EQ(file->integer("test.u16"), 65535);
  EXPECT_EQ(file->integer("test.i16"), -32768);
  EXPECT_EQ(file->integer("test.u32"), 4294967295);
  EXPECT_EQ(file->integer("test.i32"), -2147483648LL);
  EXPECT_EQ(file->integer("test.i64"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(std::get<std::uint64_t>(file->metadata().at("test.u64")), ~0ULL);
  test::expect_refused("types.gguf", "test.u64", [&] { (void)file->integer("test.u64"); });
}

TEST(Gguf, OtherScalars) {
  const auto file = fixture("types.gguf");
  EXPECT_EQ(file->number("test.f32"), 0.5);
  EXPECT_EQ(file->number("test.f64"), 0.1);
  EXPECT_EQ(file->number("test.u8"), 255.0);
  EXPECT_EQ(file->number("test.i8"), -128.0);
  EXPECT_EQ(file->boolean("test.yes"), true);
  EXPECT_EQ(*file->string("test.text"), "grün 木\n");
  EXPECT_EQ(*file->string("general.architecture"), "llama");
}

TEST(Gguf, Arrays) {
  const auto file = fixture("types.gguf");
  EXPECT_EQ(*file->strings("test.words"), (std::vector<std::string>{"a", "", "木"}));
  EXPECT_EQ(*file->integers("test.whole"), (std::vector<std::int64_t>{1, -2, 3}));
  EXPECT_EQ(*file->integers("test.flags"), (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(*file->numbers("test.real"), (std::vector<double>{0.25, -1.5}));
}

TEST(Gguf, AbsentKeysAreNothing) {
  const auto file = fixture("types.gguf");
  EXPECT_EQ(file->integer("none"), std::nullopt);
  EXPECT_EQ(file->number("none"), std::nullopt);
  EXPECT_EQ(file->boolean("none"), std::nullopt);
  EXPECT_EQ(file->string("none"), nullptr);
  EXPECT_EQ(file->strings("none"), nullptr);
  EXPECT_EQ(file->integers("none"), nullptr);
  EXPECT_EQ(file->numbers("none"), nullptr);
}

TEST(Gguf, OtherKindsAreRefusedByName) {
  const auto file = fixture("types.gguf");
  const auto refused = [](const char* key, const std::function<void()>& ask) { test::expect_refused("types.gguf", key, ask); };
  refused("test.f32", [&] { (void)file->integer("test.f32"); });
  refused("test.yes", [&] { (void)file->integer("test.yes"); });
  refused("test.text", [&] { (void)file->number("test.text"); });
  refused("test.u8", [&] { (void)file->boolean("test.u8"); });
  refused("test.words", [&] { (void)file->string("test.words"); });
  refused("test.text", [&] { (void)file->strings("test.text"); });
  refused("test.real", [&] { (void)file->integers("test.real"); });
  refused("test.whole", [&] { (void)file->numbers("test.whole"); });
}

TEST(Gguf, ShapesAreRowMajor) {
  for (const char* name : {"small_v2.gguf", "small_v3.gguf"}) {
    const auto file = fixture(name);
    EXPECT_EQ(file->integer("general.alignment"), 64);
    const GgufTensor& a = file->tensors().at("a");
    EXPECT_EQ(a.shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(a.type, GgmlType::F32);
    EXPECT_EQ(a.begin % 64, 0U);
    float values[6];
    file->dequantize(a, 0, values);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(values[i], static_cast<float>(i));
    EXPECT_EQ(file->tensors().at("b").shape, (std::vector<std::int64_t>{1, 64}));
    EXPECT_EQ(file->data(file->tensors().at("b")).size(), 40U);
  }
}

TEST(Gguf, TensorsOfAnotherFileAreAnError) {
  const auto file = fixture("small_v3.gguf");
  float values[32];
  EXPECT_THROW(file->data({GgmlType::F32, {32}, 1 << 20, (1 << 20) + 128}), Error);
  EXPECT_THROW(file->dequantize({GgmlType::F32, {32}, 0, 64}, 0, values), Error);
  EXPECT_THROW(file->dequantize({GgmlType{99}, {32}, 0, 128}, 0, values), Error);
}

TEST(Gguf, RangesOffTheBlocksAreAnError) {
  const auto file = fixture("small_v3.gguf");
  const GgufTensor& b = file->tensors().at("b");
  std::vector<float> out(96);
  EXPECT_NO_THROW(file->dequantize(b, 32, std::span(out).first(32)));
  EXPECT_NO_THROW(file->dequantize(b, 64, std::span(out).first(0)));
  EXPECT_THROW(file->dequantize(b, 16, std::span(out).first(32)), Error);
  EXPECT_THROW(file->dequantize(b, 0, std::span(out).first(31)), Error);
  EXPECT_THROW(file->dequantize(b, 0, std::span(out).first(96)), Error);
  EXPECT_THROW(file->dequantize(b, 64, std::span(out).first(32)), Error);
  EXPECT_THROW(file->dequantize(b, ~std::size_t{31}, std::span(out).first(64)), Error);
}

}  // namespace
}  // namespace zlens
