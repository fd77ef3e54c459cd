// Files made to harm: each must be refused with one line, quickly and without memory, and no mutant may crash the decoder.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <functional>
#include <random>

#include "image_files.h"
#include "io/error.h"

namespace zlens {
namespace {

using testing::decode_text;
using testing::read_fixture;

std::string be32(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
}

std::string with(std::string text, std::size_t at, const std::string& bytes) {
  return text.replace(at, bytes.size(), bytes);
}
std::string little(std::uint32_t v) {
  std::string text = be32(v);
  return {text.rbegin(), text.rend()};
}
std::string png_sized(std::uint32_t width, std::uint32_t height) {
  return with(read_fixture("rgb8.png"), 16, be32(width) + be32(height));
}

// A chunk with a zero checksum: the header check looks at structure, the decoder at checksums.
std::string png_chunk(const std::string& type, const std::string& data) {
  return be32(static_cast<std::uint32_t>(data.size())) + type + data + be32(0);
}
std::string png_with(const std::string& chunk) {
  std::string text = read_fixture("rgb8.png");
  return text.insert(33, chunk);
}

std::size_t find_marker(const std::string& jpeg, char marker) {
  return jpeg.find(std::string{'\xFF', marker}, 2);
}
std::string jpeg_sized(std::uint16_t width, std::uint16_t height) {
  std::string text = read_fixture("rgb444.jpg");
  return with(text, find_marker(text, '\xC0') + 5, be32(std::uint32_t{height} << 16 | width));
}
std::string jpeg_frame(std::size_t offset, char value) {
  std::string text = read_fixture("rgb444.jpg");
  text[find_marker(text, '\xC0') + offset] = value;
  return text;
}
std::string jpeg_with_scans(int count) {
  std::string text = read_fixture("rgb444.jpg");
  const std::size_t scan = find_marker(text, '\xDA');
  const std::string one = text.substr(scan, text.size() - 2 - scan);
  for (int i = 0; i < count; ++i) text.insert(text.size() - 2, one);
  return text;
}

struct Hostile {
  const char* name;
  std::function<std::string()> make;
  const char* expected;  // in the message
};

const std::vector<Hostile>& hostile_files() {
  static const std::vector<Hostile> files = {
      {"empty", [] { return std::string(); }, "empty"},
      {"one byte", [] { return std::string("\x89"); }, "not a PNG"},
      {"text", [] { return std::string("hello, I am no image"); }, "not a PNG"},
      {"gif", [] { return std::string("GIF89a\1\0\1\0\0\0\0;", 14); }, "not a PNG"},
      {"tiff", [] { return std::string("II*\0\b\0\0\0", 8); }, "not a PNG"},
      {"svg", [] { return std::string("<svg xmlns='http://www.w3.org/2000/svg'/>"); }, "not a PNG"},
      {"png signature alone", [] { return read_fixture("rgb8.png").substr(0, 8); }, "header chunk"},
      {"png 30000x30000", [] { return png_sized(30000, 30000); }, "900000000"},
      {"png wide", [] { return png_sized(2'000'000'000, 1); }, "65500"},
      {"png sides over 2^31", [] { return png_sized(0xFFFFFFFF, 0xFFFFFFFF); }, "65500"},
      {"png without width", [] { return png_sized(0, 17); }, "empty"},
      {"png 13000x13000 in 1 KB", [] { return png_sized(13000, 13000); }, "cannot be in"},
      {"png header checksum", [] { return png_sized(23, 16); }, "damaged PNG"},
      {"png animated", [] { return png_with(png_chunk("acTL", be32(1000000) + be32(0))); }, "animated"},
      {"png chunk beyond the end", [] { return png_with(be32(0x7FFFFFFF) + "tEXt"); }, "without its end"},
      {"png length 2^32 - 1", [] { return png_with(be32(0xFFFFFFFF) + "tEXt"); }, "without its end"},
      {"png text checksum", [] { return png_with(png_chunk("tEXt", "a")); }, "damaged PNG"},
      {"png bit depth 3", [] { return with(read_fixture("rgb8.png"), 24, "\3"); }, "damaged PNG"},
      {"png colour type 9", [] { return with(read_fixture("rgb8.png"), 25, "\t"); }, "damaged PNG"},
      {"png no data", [] { return read_fixture("rgb8.png").substr(0, 33) + png_chunk("IEND", ""); }, "cannot be in"},
      {"jpeg start alone", [] { return std::string("\xFF\xD8\xFF"); }, "end marker"},
      {"jpeg start and end", [] { return std::string("\xFF\xD8\xFF\xD9"); }, "without picture"},
      {"jpeg 65500x65500", [] { return jpeg_sized(65500, 65500); }, "over the limit"},
      {"jpeg 13000x13000 in 1 KB", [] { return jpeg_sized(13000, 13000); }, "cannot be in"},
      {"jpeg taller than its data", [] { return jpeg_sized(23, 1700); }, "damaged JPEG"},
      {"jpeg without height", [] { return jpeg_sized(23, 0); }, "empty"},
      {"jpeg 12 bit", [] { return jpeg_frame(4, 12); }, "12-bit"},
      {"jpeg 2 components", [] { return jpeg_frame(9, 2); }, "2 components"},
      {"jpeg arithmetic", [] { return jpeg_frame(1, '\xC9'); }, "arithmetic"},
      {"jpeg lossless", [] { return jpeg_frame(1, '\xC3'); }, "lossless"},
      {"jpeg short frame header", [] { return jpeg_frame(3, 4); }, "frame header"},
      {"jpeg 5000 scans", [] { return jpeg_with_scans(5000); }, "scans"},
      {"jpeg without end", [] { return read_fixture("rgb.jpg").substr(0, read_fixture("rgb.jpg").size() - 2); }, "end marker"},
      {"jpeg end too early",
       [] {
         std::string t = read_fixture("rgb.jpg");
         return t.substr(0, t.size() - 40) + "\xFF\xD9";
       },
       "damaged JPEG"},
      {"webp size beyond", [] { return with(read_fixture("lossless.webp"), 4, little(0xFFFFFFF0)); }, "truncated"},
      {"webp animated", [] { return with(read_fixture("alpha_lossy.webp"), 30, "ANIM"); }, "animated"},
      {"webp chunk beyond", [] { return with(read_fixture("lossless.webp"), 16, little(0x7FFFFFFF)); }, "beyond"},
      {"webp without picture", [] { return with(read_fixture("lossless.webp"), 12, "JUNK"); }, "without a picture"},
      {"webp canvas 2^24", [] { return with(read_fixture("alpha_lossy.webp"), 24, "\xFF\xFF\xFF\xFF\xFF\xFF"); }, "over the limit"},
      {"bmp header alone", [] { return read_fixture("rgb.bmp").substr(0, 14); }, "header"},
      {"bmp 60000x2000", [] { return with(read_fixture("rgb.bmp"), 18, little(60000) + little(2000)); }, "truncated"},
      {"bmp height -2^31", [] { return with(read_fixture("rgb.bmp"), 22, little(0x80000000)); }, "over the limit"},
      {"bmp run-length", [] { return with(read_fixture("palette.bmp"), 30, little(2)); }, "compressed"},
      {"bmp 7 bits", [] { return with(read_fixture("rgb.bmp"), 28, "\7"); }, "7 bits"},
      {"bmp data offset", [] { return with(read_fixture("rgb.bmp"), 10, little(0xFFFFFFFF)); }, "truncated"},
  };
  return files;
}

std::int64_t peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(HostileImage, EachIsRefusedInOneLineQuicklyAndWithoutMemory) {
  decode_text(read_fixture("rgb.jpg"));  // the libraries' own start-up
  const std::int64_t before = peak_kilobytes();
  for (const Hostile& hostile : hostile_files()) {
    SCOPED_TRACE(hostile.name);
    const std::string file = hostile.make();
    const auto start = std::chrono::steady_clock::now();
    try {
      decode_text(file);
      ADD_FAILURE() << "decoded";
    } catch (const InputError& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find(hostile.expected), std::string::npos) << message;
      EXPECT_EQ(message.rfind("test: ", 0), 0u) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
  }
  EXPECT_LT(peak_kilobytes() - before, 64 * 1024);
}

class Mutants : public ::testing::TestWithParam<const char*> {};

TEST_P(Mutants, EveryTruncationIsRefused) {
  const std::string whole = read_fixture(GetParam());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(decode_text(whole.substr(0, length)), InputError) << GetParam() << " cut to " << length << " of " << whole.size();
  }
}

TEST_P(Mutants, FlippedBytesDecodeOrAreRefused) {
  const std::string whole = read_fixture(GetParam());
  std::mt19937 random(20251123);
  int decoded = 0, refused = 0;
  for (int round = 0; round < 600; ++round) {
    std::string mutant = whole;
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips) {
      mutant[random() % mutant.size()] ^= static_cast<char>(1 << random() % 8);
    }
    try {
      const Image image = decode_text(mutant);
      EXPECT_EQ(image.rgb.size(), static_cast<std::size_t>(image.height * image.width * 3));
      ++decoded;
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0) << decoded << " of 600 decoded";
}

// A decoder that keeps its buffers must not fill the gaps of a damaged image with the picture before.
TEST_P(Mutants, AreNotFilledWithAnEarlierPicture) {
  const std::string whole = read_fixture(GetParam());
  const Image first = decode_text(whole);
  for (std::size_t length = whole.size() / 2; length < whole.size(); length += 7) {
    EXPECT_THROW(decode_text(whole.substr(0, length)), InputError);
    EXPECT_EQ(decode_text(whole).rgb, first.rgb);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Mutants,
                         ::testing::Values("grey16.png", "palette_trns.png", "rgb8.png", "interlaced.png", "turned.png", "rgb.jpg",
                                           "progressive.jpg", "cmyk.jpg", "restarts.jpg", "exif6.jpg", "lossy.webp",
                                           "lossless.webp", "alpha_lossy.webp", "rgb.bmp", "palette.bmp", "alpha.bmp"));

}  // namespace
}  // namespace zlens
