#include <gtest/gtest.h>

#include "io/dequantize.h"
#include "io/gguf.h"
#include "io/gguf_parse.h"
#include "io/safetensors_bytes.h"
#include "io/support.h"

namespace zlens {
namespace {

using test::little_endian;

enum Kind : std::uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

std::string u32(std::uint64_t value) {
  return little_endian(value, 4);
}
std::string u64(std::uint64_t value) {
  return little_endian(value, 8);
}
std::string text(const std::string& value) {
  return u64(value.size()) + value;
}
std::string key(const std::string& name, Kind kind, const std::string& value) {
  return text(name) + u32(kind) + value;
}
std::string head(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
  return "GGUF" + u32(version) + u64(tensors) + u64(keys);
}

struct Record {
  std::string name = "t";
  std::vector<std::uint64_t> dims{32};
  std::uint32_t type = 0;
  std::uint64_t offset = 0;

  std::string bytes() const {
    std::string out = text(name) + u32(dims.size());
    for (const std::uint64_t size : dims) out += u64(size);
    return out + u32(type) + u64(offset);
  }
};

// A file of these records, padded, with `data` bytes behind.
std::string tensors(const std::vector<Record>& records, std::size_t data = 4096, std::size_t alignment = 32) {
  std::string out = head(records.size(), 0);
  for (const Record& record : records) out += record.bytes();
  out.append((alignment - out.size() % alignment) % alignment, '\0');
  return out + std::string(data, '\0');
}

std::string one_key(const std::string& bytes) {
  return head(0, 1) + bytes;
}
std::string array(std::uint32_t kind, std::uint64_t count, const std::string& values = "") {
  return one_key(key("k", Array, u32(kind) + u64(count) + values));
}
std::string aligned(Kind kind, const std::string& value) {
  return one_key(key("general.alignment", kind, value)) + std::string(64, '\0');
}
std::string shaped(std::vector<std::uint64_t> dims, GgmlType type = GgmlType::F32) {
  return tensors({{.dims = std::move(dims), .type = static_cast<std::uint32_t>(type)}});
}

struct Hostile {
  const char* kind;
  std::string bytes;
  const char* fragment;
};

std::vector<Hostile> bad_heads() {
  return {
      {"empty file", "", "byte 0"},
      {"three bytes", "GGU", "byte 0"},
      {"magic only", "GGUF", "byte 4"},
      {"other magic", "GGML" + u32(3) + u64(0) + u64(0), "not a GGUF file"},
      {"a safetensors file", u64(2) + "{}" + std::string(20, ' '), "not a GGUF file"},
      {"big-endian magic", "FUGG" + std::string("\0\0\0\3", 4) + u64(0) + u64(0), "big-endian"},
      {"big-endian version", std::string("GGUF\0\0\0\3", 8) + u64(0) + u64(0), "big-endian"},
      {"version 0", head(0, 0, 0), "version 0"},
      {"version 1", head(0, 0, 1), "version 1"},
      {"version 4", head(0, 0, 4), "version 4"},
      {"no counts", "GGUF" + u32(3), "tensor count"},
      {"too many tensors", head(1'000'001, 0), "the limit is 1000000"},
      {"tensor count of all ones", head(~0ULL, 0), "the limit is 1000000"},
      {"too many keys", head(0, 100'001), "the limit is 100000"},
      {"key count of all ones", head(0, ~0ULL), "the limit is 100000"},
      {"a key that is not there", head(0, 1), "the file ends inside a key"},
      {"a tensor that is not there", head(1, 0), "the file ends inside a tensor's name"},
      {"a million tensors that are not there", head(1'000'000, 0), "the file ends"},
  };
}

std::vector<Hostile> bad_metadata() {
  return {
      {"key longer than the file", one_key(u64(1000) + "k"), "the file ends inside a key"},
      {"key of 2^64 - 1 bytes", one_key(u64(~0ULL) + "k"), "the limit is 65535"},
      {"empty key", one_key(key("", U8, "\1")), "not empty"},
      {"key not UTF-8", one_key(key("\xFF", U8, "\1")), "UTF-8"},
      {"duplicate key", head(0, 2) + key("k", U8, "\1") + key("k", U8, "\1"), "\"k\" stands twice"},
      {"duplicate key with control characters", head(0, 2) + key("\n\x1B", U8, "\1") + key("\n\x1B", U8, "\1"), "stands twice"},
      {"no kind", one_key(text("k")), "the kind of a value"},
      {"unknown kind", one_key(text("k") + u32(13) + u64(0)), "unknown kind 13"},
      {"kind of all ones", one_key(text("k") + u32(~0U) + u64(0)), "unknown kind 4294967295"},
      {"no value", one_key(key("k", U8, "")), "the file ends inside a value"},
      {"half a value", one_key(key("k", F64, "1234")), "the file ends inside a value"},
      {"boolean of 2", one_key(key("k", Bool, "\2")), "0 or 1"},
      {"string longer than the file", one_key(key("k", String, u64(5) + "abcd")), "the file ends inside a string"},
      {"string over the limit", one_key(key("k", String, u64((16 << 20) + 1))), "the limit is 16777216"},
      {"string of 2^64 - 1 bytes", one_key(key("k", String, u64(~0ULL))), "the limit is 16777216"},
      {"array without kind", one_key(key("k", Array, "")), "the kind of an array"},
      {"array without length", one_key(key("k", Array, u32(U8))), "the length of an array"},
      {"array of unknown kind", array(13, 0), "unknown kind 13"},
      {"array of arrays", array(Array, 1, u32(U8) + u64(0)), "array of arrays"},
      {"array longer than the file", array(U32, 3, u64(0)), "8 bytes are left"},
      {"byte array longer than the file", array(U8, 1'000'000), "0 bytes are left"},
      {"array over the limit", array(U8, (16 << 20) + 1), "the limit is 16777216"},
      {"array of 2^64 - 1", array(F64, ~0ULL), "the limit is 16777216"},
      {"array that wraps to zero bytes", array(U64, 1ULL << 61), "the limit is 16777216"},
      {"strings longer than the file", array(String, 3, text("a") + text("b")), "bytes are left"},
      {"string of an array longer than the file", array(String, 1, u64(9) + "abc"), "the file ends inside a string"},
      {"a thousand strings that are not there", array(String, 1000, std::string(7999, '\0')), "bytes are left"},
      {"boolean of 2 in an array", array(Bool, 2, "\1\2"), "0 or 1"},
      {"2^64 - 1 in an array", array(U64, 1, u64(~0ULL)), "2^63 - 1"},
      {"alignment 0", aligned(U32, u32(0)), "power of two"},
      {"alignment 3", aligned(U32, u32(3)), "power of two"},
      {"alignment 2^21", aligned(U32, u32(1 << 21)), "power of two"},
      {"alignment 2^31", aligned(U32, u32(1U << 31)), "power of two"},
      {"negative alignment", aligned(I32, u32(~0U)), "power of two"},
      {"alignment 2^64 - 1", aligned(U64, u64(~0ULL)), "power of two"},
      {"alignment as text", aligned(String, text("32")), "power of two"},
      {"alignment as float", aligned(F32, u32(0x42000000)), "power of two"},
  };
}

std::vector<Hostile> bad_tensors() {
  constexpr std::uint64_t kHuge = 1ULL << 62;
  return {
      {"empty name", tensors({{.name = ""}}), "not empty"},
      {"name too long", tensors({{.name = std::string(257, 'n')}}), "the limit is 256"},
      {"name not UTF-8", tensors({{.name = "\xC3("}}), "UTF-8"},
      {"duplicate name", tensors({{}, {.offset = 128}}), "\"t\" stands twice"},
      {"no dimensions", shaped({}), "0 dimensions"},
      {"five dimensions", shaped({1, 1, 1, 1, 1}), "5 dimensions"},
      {"2^32 - 1 dimensions", head(1, 0) + text("t") + u32(~0U), "4294967295 dimensions"},
      {"negative dimension", shaped({~0ULL}), "2^63 - 1"},
      {"dimension of 2^63", shaped({1, 1ULL << 63}), "2^63 - 1"},
      {"product wraps to zero", shaped({1ULL << 32, 1ULL << 32}), "overflows"},
      {"product wraps to 32", shaped({32, kHuge + 1, 4}), "overflows"},
      {"overflow hidden by a zero", shaped({kHuge, 4, 0}), "overflows"},
      {"overflow behind a zero", shaped({0, kHuge, 4}), "overflows"},
      {"bytes overflow", shaped({kHuge}), "overflows"},
      {"block bytes that do not fit", shaped({kHuge}, GgmlType::Q8_0), "is the file complete"},
      {"row of half a block", shaped({16, 2}, GgmlType::Q4_0), "multiple of 32"},
      {"row of one value", shaped({1}, GgmlType::Q4_1), "multiple of 32"},
      {"row of 128 for a K type", shaped({128, 2}, GgmlType::Q6_K), "multiple of 256"},
      {"retired type 4", tensors({{.type = 4}}), "type 4"},
      {"unsupported type Q2_K", tensors({{.dims = {256}, .type = 10}}), "type 10"},
      {"unknown type", tensors({{.type = 1000}}), "type 1000"},
      {"type of all ones", tensors({{.type = ~0U}}), "type 4294967295"},
      {"record without type", head(1, 0) + text("t") + u32(1) + u64(32), "the file ends inside a tensor's type"},
      {"record without offset", head(1, 0) + text("t") + u32(1) + u64(32) + u32(0), "the file ends inside a tensor's offset"},
      {"offset off alignment", tensors({{.offset = 16}}), "not aligned to 32"},
      {"offset at the end", tensors({{.offset = 4096}}), "is the file complete"},
      {"end one byte beyond", tensors({{.offset = 4096 - 128}}, 4095), "is the file complete"},
      {"offset beyond the end", tensors({{.offset = 1 << 20}}), "is the file complete"},
      {"offset of 2^64 - 32", tensors({{.offset = ~0ULL - 31}}), "overflows"},
      {"end that wraps", tensors({{.dims = {1024}, .offset = ~0ULL - 4095}}), "overflows"},
      {"empty tensor beyond the end", tensors({{.dims = {0}, .offset = 1 << 20}}), "is the file complete"},
      {"no data", tensors({{}}, 0), "is the file complete"},
      {"data ends before its padding", head(1, 0) + Record{}.bytes(), "is the file complete"},
      {"same bytes twice", tensors({{.name = "a"}, {.name = "b"}}), "overlap"},
      {"overlap", tensors({{.name = "a", .dims = {64}}, {.name = "b", .offset = 128}}), "\"a\" and \"b\" overlap"},
      {"one inside another", tensors({{.name = "b", .offset = 64}, {.name = "a", .dims = {512}}}), "overlap"},
      {"overlap past an empty tensor",
       tensors({{.name = "a", .dims = {64}}, {.name = "e", .dims = {0}, .offset = 128}, {.name = "b", .offset = 128}}), "overlap"},
  };
}

void expect_all_refused(const std::vector<Hostile>& files) {
  const test::TemporaryFolder folder;
  const std::filesystem::path path = folder / "hostile.gguf";
  for (const Hostile& hostile : files) {
    SCOPED_TRACE(hostile.kind);
    test::write_bytes(path, hostile.bytes);
    test::expect_refused(path.string(), hostile.fragment, [&] { Gguf::open(path); });
  }
}

TEST(HostileGguf, HeadsAreRefused) {
  expect_all_refused(bad_heads());
}
TEST(HostileGguf, MetadataIsRefused) {
  expect_all_refused(bad_metadata());
}
TEST(HostileGguf, TensorsAreRefused) {
  expect_all_refused(bad_tensors());
}
TEST(HostileGguf, ThereAreEnoughKinds) {
  EXPECT_GE(bad_heads().size() + bad_metadata().size() + bad_tensors().size(), 80U);
}

GgufContents parse(const std::string& bytes) {
  return parse_gguf(std::as_bytes(std::span(bytes)), "bytes");
}

TEST(Gguf, LimitsAreExact) {
  EXPECT_NO_THROW(parse(tensors({{.name = std::string(256, 'n')}})));
  EXPECT_NO_THROW(parse(tensors({{.offset = 4096 - 128}})));
  EXPECT_NO_THROW(parse(tensors({{.name = "b", .offset = 128}, {.name = "a"}}))) << "any order";
  EXPECT_NO_THROW(parse(tensors({{.dims = {0}}, {.name = "u"}})));
  EXPECT_NO_THROW(parse(shaped({0, 1ULL << 40, 3})));
  EXPECT_NO_THROW(parse(shaped({2, 3, 4, 5})));
  EXPECT_NO_THROW(parse(head(0, 0))) << "a file may hold nothing";
  EXPECT_NO_THROW(parse(aligned(U32, u32(1 << 20))));
  EXPECT_NO_THROW(parse(aligned(U64, u64(1))));
  EXPECT_EQ(parse(array(U64, 1, u64(~0ULL >> 1))).metadata.size(), 1U);
  EXPECT_EQ(parse(array(F32, 0)).metadata.size(), 1U);
}

std::string small_file() {
  return test::read_bytes(std::string(ZLENS_FIXTURES) + "/gguf/small_v3.gguf");
}

TEST(HostileGguf, EveryTruncationBeforeTheLastDataIsRefused) {
  const std::string valid = small_file();
  const std::size_t end = parse(valid).tensors.at("b").end;
  EXPECT_NO_THROW(parse(valid.substr(0, end))) << "padding behind the last tensor may be missing";
  for (std::size_t size = 0; size < end; ++size) EXPECT_THROW(parse(valid.substr(0, size)), InputError) << size;
}

TEST(HostileGguf, MutantsLoadInsideTheirBoundsOrAreRefused) {
  const auto counts = test::run_mutants(small_file(), 20000, [](const std::string& mutant) {
    const std::span bytes = std::as_bytes(std::span(mutant));
    for (const auto& [name, tensor] : parse_gguf(bytes, "mutant").tensors) {
      ASSERT_LE(tensor.begin, tensor.end);
      ASSERT_LE(tensor.end, bytes.size());
      const BlockLayout layout = block_layout(tensor.type);
      std::vector<float> values((tensor.end - tensor.begin) / layout.bytes * layout.values);
      dequantize_blocks(tensor.type, bytes.subspan(tensor.begin, tensor.end - tensor.begin), values);
    }
  });
  EXPECT_GT(counts.loaded, 0);
}

// The same through the mapped file and its accessors.
TEST(HostileGguf, MutantFilesLoadOrAreRefused) {
  const test::TemporaryFolder folder;
  test::run_mutants(small_file(), 500, [&](const std::string& mutant) {
    test::write_bytes(folder / "m", mutant);
    const auto file = Gguf::open(folder / "m");
    for (const auto& [name, tensor] : file->tensors()) {
      std::vector<float> values(file->data(tensor).size() / block_layout(tensor.type).bytes * block_layout(tensor.type).values);
      file->dequantize(tensor, 0, values);
    }
    for (const auto& [name, value] : file->metadata()) (void)file->string(name);
  });
}

}  // namespace
}  // namespace zlens
