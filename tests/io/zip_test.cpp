#include "io/zip.h"

#include <gtest/gtest.h>

#include "io/support.h"
#include "io/zip_bytes.h"

namespace zlens {
namespace {

using test::expect_refused;
using test::little_endian;
using test::zip_bytes;
using test::ZipPart;

std::map<std::string, std::span<const std::byte>> parse(const std::string& bytes) {
  return parse_zip(std::as_bytes(std::span(bytes)), "a.pt");
}

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Zip, ReadsStoredEntriesInAnyShapeThatTorchWrites) {
  const std::string bytes =
      zip_bytes({{.name = "a/one", .data = "first"},
                 {.name = "a/b/two", .data = "", .descriptor = true},
                 {.name = "a/three", .data = "third", .extra = "FB" + little_endian(2, 2) + "ZZ", .descriptor = true}});
  const auto entries = parse(bytes);
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(text(entries.at("a/one")), "first");
  EXPECT_EQ(text(entries.at("a/b/two")), "");
  EXPECT_EQ(text(entries.at("a/three")), "third");
  EXPECT_TRUE(parse(zip_bytes({})).empty());
}

TEST(Zip, ReadsZip64Fields) {
  const std::string wide =
      little_endian(1, 2) + little_endian(24, 2) + little_endian(4, 8) + little_endian(4, 8) + little_endian(0, 8);
  ZipPart part{.name = "x", .data = "1234", .central_extra = wide, .stored = 0xFFFFFFFF, .plain = 0xFFFFFFFF, .header = 0xFFFFFFFF};
  EXPECT_EQ(text(parse(zip_bytes({part})).at("x")), "1234");
}

TEST(Zip, ReadsFilesOfTorch) {
  for (const char* name : {"mixed.pt", "named.pt", "positional.pt"}) {
    const std::string bytes = test::read_bytes(std::filesystem::path(ZLENS_FIXTURES) / "torch" / name);
    const std::string root = std::string(name).substr(0, std::string(name).find('.')) + "/";
    EXPECT_TRUE(parse(bytes).contains(root + "data.pkl")) << name;
    EXPECT_TRUE(parse(bytes).contains(root + "data/0")) << name;
  }
}

struct Hostile {
  const char* kind;
  std::string bytes;
  const char* fragment;
};

std::vector<Hostile> bad_entries() {
  const auto one = [](ZipPart part) {
    if (part.name.empty()) part.name = "x";
    return zip_bytes({part});
  };
  const ZipPart good{.name = "good", .data = std::string(50, 'g')};
  const std::string short64 = little_endian(1, 2) + little_endian(4, 2) + "1234";
  return {
      {"deflated", one({.method = 8}), "compressed"},
      {"a bomb's sizes", one({.data = "1234", .plain = 0x7FFFFFFF}), "compressed"},
      {"stored sizes that lie", one({.data = "1234", .stored = 1000, .plain = 1000}), "disagree"},
      {"sizes that lie in both places", one({.data = "1234", .stored = 1000, .plain = 1000, .local_size = 1000}),
       "longer than the file"},
      {"size of 2^32 - 1 without zip64", one({.data = "1234", .stored = 0xFFFFFFFF, .plain = 0xFFFFFFFF}), "disagree"},
      {"zip64 field too short", one({.data = "1234", .central_extra = short64, .stored = 0xFFFFFFFF, .plain = 0xFFFFFFFF}),
       "zip64 field"},
      {"encrypted", one({.flags = 1}), "encrypted"},
      {"unknown flag", one({.flags = 1 << 6}), "unknown flags"},
      {"wrong checksum", one({.data = "1234", .crc = 5, .local_crc = 5}), "checksum"},
      {"checksums that disagree", one({.data = "1234", .crc = 5}), "disagree"},
      {"other name in the local header", one({.local_name = "y"}), "disagree"},
      {"comment of an entry", one({.comment = "c"}), "comment"},
      {"another disk", one({.disk = 1}), "another disk"},
      {"extra field longer than its place", one({.central_extra = "FB" + little_endian(9, 2)}), "extra field"},
      {"cut extra field", one({.central_extra = "FB"}), "extra field"},
      {"header beyond the file", one({.header = 0x7FFFFFFF}), "beyond the file"},
      {"header inside other data", one({.data = "1234", .header = 3}), "not where the directory says"},
      {"two entries of one place", zip_bytes({good, {.name = "good", .data = good.data, .header = 0}}), "overlap"},
      {"quoted overlap", zip_bytes({good, {.name = "two", .header = 0}}), "disagree"},
      {"gap between entries", zip_bytes({{.name = "x", .gap = "abc"}, good}), "gap"},
      {"gap before the directory", zip_bytes({good}, {.before_directory = "abc"}), "gap"},
      {"bytes before the archive", "MZ" + zip_bytes({good}), "directory"},
      {"name twice", zip_bytes({{.name = "x"}, {.name = "x"}}), "stands twice"},
  };
}

std::vector<Hostile> bad_names() {
  std::vector<Hostile> out;
  for (const char* name : {"/etc/passwd", "../x", "a/../x", "a/./x", "a//x", "a/", "a\\x", "C:x", "a\nb", "\xFF", ".", ".."})
    out.push_back({name, zip_bytes({{.name = name}}), "no plain relative name"});
  out.push_back({"empty name", zip_bytes({ZipPart{}}), "no plain relative name"});
  out.push_back({"long name", zip_bytes({{.name = std::string(513, 'a')}}), "no plain relative name"});
  return out;
}

std::vector<Hostile> bad_ends() {
  const std::vector<ZipPart> good = {{.name = "x", .data = "1234"}};
  const std::string whole = zip_bytes(good);
  const std::string locator = little_endian(0x07064b50, 4) + little_endian(0, 4) + little_endian(1 << 20, 8) + little_endian(1, 4);
  return {
      {"empty file", "", "no zip archive"},
      {"no archive", std::string(100, 'x'), "no zip archive"},
      {"cut", whole.substr(0, whole.size() - 1), "no zip archive"},
      {"comment", zip_bytes(good, {.comment = "hello"}), "comment"},
      {"bytes behind", zip_bytes(good, {.tail = "abc"}), "no zip archive"},
      {"more entries than there are", zip_bytes(good, {.entries = 2}), "directory"},
      {"fewer entries than there are", zip_bytes(good, {.entries = 0}), "directory"},
      {"directory beyond the file", zip_bytes(good, {.offset = 0x7FFFFFFF}), "directory"},
      {"directory too long", zip_bytes(good, {.bytes = 0x7FFFFFFF}), "directory"},
      {"bytes behind the directory", zip_bytes(good, {.after_directory = "abc"}), "directory"},
      {"several disks", zip_bytes(good, {.disk = 1}), "disks"},
      {"zip64 without its record", zip_bytes(good, {.entries = 0xFFFF}), "zip64 end record"},
      {"zip64 locator that points elsewhere", zip_bytes(good, {.after_directory = std::string(56, '\0') + locator}),
       "zip64 end record"},
  };
}

TEST(Zip, RefusesHostileArchives) {
  for (const auto& group : {bad_entries(), bad_names(), bad_ends()})
    for (const Hostile& hostile : group) {
      SCOPED_TRACE(hostile.kind);
      expect_refused("a.pt", hostile.fragment, [&] { parse(hostile.bytes); });
    }
}

TEST(Zip, RefusesEveryChangedByteOfAFileOfTorch) {
  const std::string good = test::read_bytes(std::filesystem::path(ZLENS_FIXTURES) / "torch" / "positional.pt");
  const auto original = parse(good);
  std::size_t harmless = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    try {
      const auto entries = parse(bytes);
      ++harmless;  // times, versions, padding: whatever is read must be the same
      ASSERT_EQ(entries.size(), original.size());
      for (const auto& [name, data] : entries) ASSERT_EQ(text(data), text(original.at(name))) << "byte " << i;
    } catch (const InputError&) {
    }
    EXPECT_THROW(parse(good.substr(0, i)), InputError) << "cut at " << i;
  }
  EXPECT_LT(harmless, good.size() / 2);
}

}  // namespace
}  // namespace zlens
