#include "io/python_case.h"

#include <gtest/gtest.h>

#include <vector>

#include "io/python_vectors.h"
#include "io/sha256.h"
#include "io/utf8.h"

namespace zlens {
namespace {

TEST(PythonCase, OfPhrases) {
  for (const Json& row : python_vectors()["case"]) {
    const std::u32string text = to_utf32(row[0].get<std::string>());
    EXPECT_EQ(to_utf8(python::lower(text)), row[1].get<std::string>());
    EXPECT_EQ(to_utf8(python::upper(text)), row[2].get<std::string>());
    EXPECT_EQ(to_utf8(python::title(text)), row[3].get<std::string>());
    EXPECT_EQ(to_utf8(python::capitalize(text)), row[4].get<std::string>());
    EXPECT_EQ(to_utf8(python::casefold(text)), row[5].get<std::string>());
    EXPECT_EQ(python::is_lower(text), row[6].get<bool>()) << row[0];
    EXPECT_EQ(python::is_upper(text), row[7].get<bool>()) << row[0];
  }
}

char32_t kind_of(std::u32string_view text) {
  return python::is_lower(text) ? U'L' : python::is_upper(text) ? U'U' : U'T';
}

TEST(PythonCase, OfEveryCodePoint) {
  const std::vector<std::u32string (*)(std::u32string_view)> maps = {
      python::lower, python::upper, python::title, python::casefold,
      [](std::u32string_view text) { return std::u32string(1, kind_of(text)); }};
  for (const Json& row : python_vectors()["case_blocks"]) {
    for (std::size_t m = 0; m < maps.size(); ++m) {
      std::u32string all;
      for (char32_t c = row[0].get<char32_t>() * 4096, end = c + 4096; c < end; ++c) {
        if (c < 0xD800 || c >= 0xE000) all += maps[m](std::u32string(1, c));
      }
      EXPECT_EQ(sha256_hex(to_utf8(all)).substr(0, 16), row[m + 1]) << "map " << m << " of block " << row[0];
    }
  }
}

// Every neighbour that a final sigma could have.
TEST(PythonCase, FinalSigmaDependsOnNeighbours) {
  std::string all;
  for (char32_t c = 0; c < 0x10000; ++c) {
    if ((c >= 0xD800 && c < 0xE000) || (c >= 0xE00 && c < 0xF00)) continue;
    for (const std::u32string& text :
         {std::u32string{U'A', c, 0x3A3}, std::u32string{U'A', 0x3A3, c, U'B'}, std::u32string{U'1', c, 0x3A3}}) {
      all += to_utf8(python::lower(text));
    }
  }
  EXPECT_EQ(sha256_hex(all), python_vectors()["sigma"][0]);
}

TEST(PythonCase, LongRunsOfSigmasAreLinear) {
  std::u32string text;
  for (int i = 0; i < 500000; ++i) text += U"A\u03A3'";
  EXPECT_EQ(python::lower(text).size(), text.size());
}

}  // namespace
}  // namespace zlens
