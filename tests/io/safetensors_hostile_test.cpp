#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "io/safetensors_bytes.h"
#include "io/safetensors_header.h"
#include "io/support.h"

namespace zlens {
namespace {

using test::entry;
using test::little_endian;
using test::safetensors_bytes;

struct Hostile {
  const char* kind;
  std::string bytes;
  const char* fragment;
};

std::string one(const std::string& fields, std::size_t data = 4) {
  return safetensors_bytes("{\"t\":" + fields + "}", data);
}
std::string with_shape(const std::string& shape) {
  return safetensors_bytes("{" + entry("t", "F32", shape, "[0,4]") + "}", 4);
}
std::string with_offsets(const std::string& offsets) {
  return safetensors_bytes("{" + entry("t", "F32", "[1]", offsets) + "}", 4);
}
std::string with_dtype(const std::string& dtype) {
  return safetensors_bytes("{" + entry("t", dtype, "[1]", "[0,4]") + "}", 4);
}
std::string with_metadata(const std::string& value) {
  return safetensors_bytes("{\"__metadata__\":" + value + "}", 0);
}
std::string two(const std::string& first, const std::string& second, std::size_t data) {
  return safetensors_bytes("{" + entry("a", "U8", "[4]", first) + "," + entry("b", "U8", "[4]", second) + "}", data);
}

std::vector<Hostile> bad_frames() {
  const std::string good = "{" + entry("t", "F32", "[1]", "[0,4]") + "}";
  return {
      {"empty file", "", "0 bytes"},
      {"seven bytes", std::string(7, '\0'), "7 bytes"},
      {"length zero", std::string(8, '\0'), "byte 8"},
      {"length beyond the file", little_endian(100, 8) + good, "is the file complete"},
      {"length one beyond the file", little_endian(3, 8) + "{}", "header of 3 bytes"},
      {"length over the limit", little_endian(100'000'001, 8) + good, "the limit is 100000000"},
      {"length of all ones", std::string(8, '\xFF') + good, "the limit"},
      {"length that wraps with 8", little_endian(~0ULL - 7, 8) + good, "the limit"},
      {"a zip archive", "PK\x03\x04" + std::string(60, '\0'), "header"},
      {"a pickle", std::string("\x80\x02}q\0.", 7) + std::string(20, ' '), "the limit"},
      {"leading space", safetensors_bytes(" {}", 0), "byte 8"},
      {"an array", safetensors_bytes("[]", 0), "byte 8"},
      {"NUL padding", safetensors_bytes(std::string("{}\0\0", 4), 0), "NUL"},
      {"garbage behind the header", safetensors_bytes("{} x", 0), "not valid JSON"},
      {"torn header", safetensors_bytes(good.substr(0, 20), 4), "not valid JSON"},
      {"byte order mark", safetensors_bytes("\xEF\xBB\xBF{}", 0), "byte 8"},
      {"data cut", safetensors_bytes(good, 3), "is the file complete"},
      {"data missing", safetensors_bytes(good, 0), "is the file complete"},
      {"a byte left over", safetensors_bytes(good, 5), "5"},
      {"bytes without tensors", safetensors_bytes("{}", 1), "1"},
      {"a second file behind", safetensors_bytes(good, 4) + safetensors_bytes(good, 4), "holds"},
      {"deep nesting", safetensors_bytes("{\"t\":[[[[]]]]}", 0), "nested deeper than 4"},
      {"very deep nesting", safetensors_bytes("{\"t\":" + std::string(1'000'000, '['), 0), "nested deeper than 4"},
      {"name not UTF-8", safetensors_bytes("{" + entry("\xC3(", "U8", "[1]", "[0,1]") + "}", 1), "UTF-8"},
      {"name of a lone surrogate", safetensors_bytes("{" + entry("\\ud800", "U8", "[1]", "[0,1]") + "}", 1), "surrogate"},
      {"name too long", safetensors_bytes("{" + entry(std::string(513, 'n'), "U8", "[1]", "[0,1]") + "}", 1), "513"},
      {"duplicate tensor",
       safetensors_bytes("{" + entry("t", "U8", "[1]", "[0,1]") + "," + entry("t", "U8", "[1]", "[0,1]") + "}", 1),
       "\"t\" stands twice"},
      {"duplicate tensor by escape",
       safetensors_bytes("{" + entry("t", "U8", "[1]", "[0,1]") + "," + entry("\\u0074", "U8", "[1]", "[1,2]") + "}", 2),
       "stands twice"},
      {"duplicate metadata", safetensors_bytes(R"({"__metadata__":{},"__metadata__":{}})", 0), "stands twice"},
  };
}

std::vector<Hostile> bad_entries() {
  return {
      {"tensor is a number", one("1"), "must be an object"},
      {"tensor is null", one("null"), "must be an object"},
      {"tensor is an array", one("[]"), "must be an object"},
      {"tensor is empty", one("{}"), "needs dtype"},
      {"no dtype", one(R"({"shape":[1],"data_offsets":[0,4]})"), "needs dtype"},
      {"no shape", one(R"({"dtype":"F32","data_offsets":[0,4]})"), "needs dtype"},
      {"no offsets", one(R"({"dtype":"F32","shape":[1]})"), "needs dtype"},
      {"unknown field", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"stride":[1]})"), "\"stride\""},
      {"duplicate field", one(R"({"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]})"), "stands twice"},
      {"unknown dtype", with_dtype("F31"), "F31"},
      {"dtype in lower case", with_dtype("f32"), "f32"},
      {"sub-byte dtype", with_dtype("F4"), "F4"},
      {"empty dtype", with_dtype(""), "not supported"},
      {"dtype with a newline", with_dtype("F\\n32"), "not supported"},
      {"dtype is a number", one(R"({"dtype":0,"shape":[1],"data_offsets":[0,4]})"), "dtype must be a string"},
      {"shape is a number", with_shape("1"), "shape must be an array"},
      {"shape is null", with_shape("null"), "shape must be an array"},
      {"negative dimension", with_shape("[-1]"), "whole numbers"},
      {"two negative dimensions", with_shape("[-1,-1]"), "whole numbers"},
      {"fractional dimension", with_shape("[1.0]"), "whole numbers"},
      {"dimension as text", with_shape("[\"1\"]"), "whole numbers"},
      {"dimension of 2^63", with_shape("[9223372036854775808]"), "63 bits"},
      {"dimension beyond 64 bits", with_shape("[18446744073709551617]"), "whole numbers"},
      {"product wraps to 4 bytes", with_shape("[4611686018427387905]"), "overflows"},
      {"product wraps to zero", with_shape("[4294967296,4294967296]"), "overflows"},
      {"overflow hidden by a zero", with_shape("[4294967296,4294967296,0]"), "overflows"},
      {"overflow behind a zero", with_shape("[0,4294967296,4294967296]"), "overflows"},
      {"shape larger than data", with_shape("[2]"), "need 8 bytes"},
      {"shape smaller than data", with_shape("[0]"), "need 0 bytes"},
      {"offsets are an object", with_offsets("{}"), "data_offsets must be an array"},
      {"no offset", with_offsets("[]"), "[begin, end]"},
      {"one offset", with_offsets("[4]"), "[begin, end]"},
      {"three offsets", with_offsets("[0,4,4]"), "[begin, end]"},
      {"offsets turned round", with_offsets("[4,0]"), "[begin, end]"},
      {"negative offset", with_offsets("[-4,0]"), "whole numbers"},
      {"offset beyond 64 bits", with_offsets("[0,18446744073709551620]"), "whole numbers"},
      {"offset beyond the file", with_offsets("[4,8]"), "a hole or an overlap"},
      {"huge offsets", with_offsets("[9223372036854775803,9223372036854775807]"), "a hole or an overlap"},
      {"hole at the start", two("[1,5]", "[5,9]", 9), "a hole or an overlap"},
      {"hole between", two("[0,4]", "[5,9]", 9), "a hole or an overlap"},
      {"overlap", two("[0,4]", "[3,7]", 7), "a hole or an overlap"},
      {"same bytes twice", two("[0,4]", "[0,4]", 4), "a hole or an overlap"},
      {"empty tensor inside another",
       safetensors_bytes("{" + entry("a", "U8", "[4]", "[0,4]") + "," + entry("e", "U8", "[0]", "[2,2]") + "}", 4),
       "a hole or an overlap"},
      {"empty tensor beyond the end",
       safetensors_bytes("{" + entry("a", "U8", "[4]", "[0,4]") + "," + entry("e", "U8", "[0]", "[9,9]") + "}", 4),
       "a hole or an overlap"},
      {"metadata is a list", with_metadata("[]"), "object of strings"},
      {"metadata is null", with_metadata("null"), "object of strings"},
      {"metadata number", with_metadata(R"({"k":1})"), "\"k\" must be a string"},
      {"metadata nested", with_metadata(R"({"k":{"l":"m"}})"), "must be a string"},
      {"metadata key with control characters", with_metadata(R"({"\u001b[2J\n":1})"), "must be a string"},
      {"metadata key twice", with_metadata(R"({"k":"1","k":"2"})"), "stands twice"},
  };
}

void expect_all_refused(const std::vector<Hostile>& files) {
  const test::TemporaryFolder folder;
  const std::filesystem::path path = folder / "hostile.safetensors";
  for (const Hostile& hostile : files) {
    SCOPED_TRACE(hostile.kind);
    test::write_bytes(path, hostile.bytes);
    test::expect_refused(path.string(), hostile.fragment, [&] { Safetensors::open(path); });
  }
}

TEST(HostileSafetensors, FramesAreRefused) {
  expect_all_refused(bad_frames());
}
TEST(HostileSafetensors, EntriesAreRefused) {
  expect_all_refused(bad_entries());
}
TEST(HostileSafetensors, ThereAreEnoughKinds) {
  EXPECT_GE(bad_frames().size() + bad_entries().size(), 60U);
}

TEST(HostileSafetensors, EveryTruncationIsRefused) {
  const std::string valid = safetensors_bytes("{" + entry("a", "F32", "[2]", "[0,8]") + "}", 8);
  for (std::size_t size = 0; size < valid.size(); ++size) {
    const std::string cut = valid.substr(0, size);
    EXPECT_THROW(parse_safetensors_header(std::as_bytes(std::span(cut)), "cut"), InputError) << size;
  }
}

TEST(HostileSafetensors, MutantsLoadInsideTheirBoundsOrAreRefused) {
  const std::string valid =
      safetensors_bytes("{\"__metadata__\":{\"k\":\"v\"}," + entry("a", "F32", "[2,1]", "[0,8]") + "," +
                            entry("b", "U8", "[5]", "[8,13]") + "," + entry("e", "I64", "[0]", "[13,13]") + "}",
                        13);
  const auto counts = test::run_mutants(valid, 20000, [](const std::string& mutant) {
    const std::span bytes = std::as_bytes(std::span(mutant));
    const SafetensorsHeader header = parse_safetensors_header(bytes, "mutant");
    std::size_t total = 0;
    for (const auto& [name, info] : header.tensors) {
      ASSERT_LE(header.data_offset + info.end, bytes.size());
      ASSERT_EQ(static_cast<std::int64_t>(info.end - info.begin), tensor_bytes(info.dtype, info.shape));
      total += info.end - info.begin;
    }
    ASSERT_EQ(header.data_offset + total, bytes.size());
  });
  EXPECT_GT(counts.loaded, 0);
}

}  // namespace
}  // namespace zlens
