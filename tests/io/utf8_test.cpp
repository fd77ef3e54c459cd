#include "io/utf8.h"

#include <gtest/gtest.h>

#include "io/error.h"

namespace zlens {
namespace {

bool is_surrogate(char32_t value) {
  return value >= 0xD800 && value <= 0xDFFF;
}

TEST(Utf8, EveryCodePointMakesTheRoundTrip) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (is_surrogate(value)) continue;
    std::string text;
    append_utf8(text, value);
    const std::size_t length = value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
    ASSERT_EQ(text.size(), length) << std::hex << std::uint32_t{value};
    ASSERT_TRUE(is_valid_utf8(text)) << std::hex << std::uint32_t{value};
    const CodePoint step = decode_utf8(text + "x");
    ASSERT_EQ(step.value, value);
    ASSERT_EQ(step.length, length);
  }
}

TEST(Utf8, EveryTornCodePointIsOneReplacement) {
  for (char32_t value = 0x80; value <= 0x10FFFF; value += 7) {
    if (is_surrogate(value)) continue;
    std::string text;
    append_utf8(text, value);
    for (std::size_t kept = 1; kept < text.size(); ++kept) {
      const std::string torn = text.substr(0, kept);
      ASSERT_FALSE(is_valid_utf8(torn));
      ASSERT_EQ(to_utf32(torn + "x"), U"\uFFFDx") << std::hex << std::uint32_t{value};
    }
  }
}

TEST(Utf8, ExactlyTheCodePointsOfThreeBytesAreValid) {
  int valid = 0;
  for (unsigned bits = 0; bits < 1U << 24; ++bits) {
    const char text[3] = {static_cast<char>(bits >> 16), static_cast<char>(bits >> 8), static_cast<char>(bits)};
    if ((bits >> 16) >= 0xE0 && (bits >> 16) < 0xF0 && is_valid_utf8({text, 3})) ++valid;
  }
  EXPECT_EQ(valid, 0x10000 - 0x800 - 0x800);  // minus the shorter forms, minus the surrogates
}

TEST(Utf8, ExactlyTheCodePointsOfTwoBytesAreValid) {
  int valid = 0;
  for (unsigned bits = 0; bits < 1U << 16; ++bits) {
    const char text[2] = {static_cast<char>(bits >> 8), static_cast<char>(bits)};
    if (is_valid_utf8({text, 2})) ++valid;
  }
  EXPECT_EQ(valid, 128 * 128 + (0x800 - 0x80));
}

struct Invalid {
  const char* bytes;
  const char32_t* replaced;
};

// Each replacement stands for a maximal subpart (Unicode 15, section 3.9).
TEST(Utf8, InvalidSequencesAreReplacedByMaximalSubparts) {
  const Invalid cases[] = {
      {"\x80", U"\uFFFD"},
      {"\xBF\xBF", U"\uFFFD\uFFFD"},
      {"\xC0\x80", U"\uFFFD\uFFFD"},
      {"\xC1\xBF", U"\uFFFD\uFFFD"},
      {"\xC3(", U"\uFFFD("},
      {"\xE0\x80\x80", U"\uFFFD\uFFFD\uFFFD"},
      {"\xE0\x9F\xBF", U"\uFFFD\uFFFD\uFFFD"},
      {"\xE2\x82(", U"\uFFFD("},
      {"\xE2(\xA1", U"\uFFFD(\uFFFD"},
      {"\xED\xA0\x80", U"\uFFFD\uFFFD\uFFFD"},
      {"\xED\xBF\xBF", U"\uFFFD\uFFFD\uFFFD"},
      {"\xF0\x80\x80\x80", U"\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xF0\x8F\xBF\xBF", U"\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xF0\x9F\x98", U"\uFFFD"},
      {"\xF0\x9F\x98z", U"\uFFFDz"},
      {"\xF4\x90\x80\x80", U"\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xF5\x80\x80\x80", U"\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xF8\x88\x80\x80\x80", U"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xFE\xFF", U"\uFFFD\uFFFD"},
      {"\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", U"a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd"},
  };
  for (const Invalid& invalid : cases) {
    EXPECT_FALSE(is_valid_utf8(invalid.bytes)) << invalid.bytes;
    EXPECT_EQ(to_utf32(invalid.bytes), invalid.replaced) << invalid.bytes;
  }
}

TEST(Utf8, TheReplacementCharacterItselfIsValid) {
  EXPECT_TRUE(is_valid_utf8("\xEF\xBF\xBD"));
}

TEST(Utf8, UnwritableValuesBecomeReplacements) {
  EXPECT_EQ(to_utf8(std::u32string{0xD800, 0xDFFF, 0x110000, 0xFFFFFFFF}), "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(Printable, KeepsTextAndHidesControls) {
  EXPECT_EQ(printable("grün 木"), "grün 木");
  EXPECT_EQ(printable("a\nb\x1B[2J"), "a\uFFFDb\uFFFD[2J");
  EXPECT_EQ(printable("\u2028\u202E\x9F"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_STREQ(InputError("model 'a\nb\x1B[2J'").what(), "model 'a\uFFFDb\uFFFD[2J'") << "whatever stands in a message";
  EXPECT_EQ(printable("abc", 3), "abc");
}

}  // namespace
}  // namespace zlens
