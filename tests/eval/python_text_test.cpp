#include "eval/python_text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "io/json.h"
#include "io/sha256.h"
#include "io/utf8.h"

namespace zlens {
namespace {

const Json& vectors() {
  static const Json loaded = read_json_file(ZLENS_FIXTURES "/metrics/python.json");
  return loaded;
}

TEST(PythonText, FloatFollowsPython) {
  for (const Json& row : vectors()["float"]) {
    const auto value = python::parse_float(to_utf32(row[0].get<std::string>()));
    ASSERT_EQ(value.has_value(), !row[1].is_null()) << row.dump().substr(0, 100);
    if (!value) continue;
    if (row[1].is_number()) {
      EXPECT_EQ(*value, row[1].get<double>()) << row.dump().substr(0, 100);
      continue;
    }
    EXPECT_EQ(std::isnan(*value), row[1] == "nan") << row.dump().substr(0, 100);
    if (!std::isnan(*value)) {
      EXPECT_EQ(*value, row[1] == "inf" ? HUGE_VAL : -HUGE_VAL);
    }
  }
}

TEST(PythonText, SplitAndStripCutAtUnicodeSpace) {
  for (const Json& row : vectors()["split"]) {
    const std::u32string text = to_utf32(row[0].get<std::string>());
    Json words = Json::array();
    for (const auto word : python::split(text)) words.push_back(to_utf8(word));
    EXPECT_EQ(words, row[1]);
    EXPECT_EQ(to_utf8(python::strip(text)), row[2].get<std::string>());
  }
  std::vector<int> spaces;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (python::is_space(c)) spaces.push_back(static_cast<int>(c));
  }
  EXPECT_EQ(Json(spaces), vectors()["spaces"][0]);
}

TEST(PythonText, CaseOfPhrases) {
  for (const Json& row : vectors()["lower"]) {
    const std::u32string text = to_utf32(row[0].get<std::string>());
    EXPECT_EQ(to_utf8(python::lower(text)), row[1].get<std::string>());
    EXPECT_EQ(to_utf8(python::upper(text)), row[2].get<std::string>());
  }
}

TEST(PythonText, CaseOfEveryCodePoint) {
  for (const Json& row : vectors()["case_blocks"]) {
    std::string lower, upper;
    for (char32_t c = row[0].get<char32_t>() * 4096, end = c + 4096; c < end; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      lower += to_utf8(python::lower(std::u32string(1, c)));
      upper += to_utf8(python::upper(std::u32string(1, c)));
    }
    EXPECT_EQ(sha256_hex(lower).substr(0, 16), row[1]) << "block " << row[0];
    EXPECT_EQ(sha256_hex(upper).substr(0, 16), row[2]) << "block " << row[0];
  }
}

// Every neighbour that a final sigma could have.
TEST(PythonText, FinalSigmaDependsOnNeighbours) {
  std::string all;
  for (char32_t c = 0; c < 0x10000; ++c) {
    if ((c >= 0xD800 && c < 0xE000) || (c >= 0xE00 && c < 0xF00)) continue;
    for (const std::u32string& text :
         {std::u32string{U'A', c, 0x3A3}, std::u32string{U'A', 0x3A3, c, U'B'}, std::u32string{U'1', c, 0x3A3}}) {
      all += to_utf8(python::lower(text));
    }
  }
  EXPECT_EQ(sha256_hex(all), vectors()["sigma"][0]);
}

TEST(PythonText, LongRunsOfSigmasAreLinear) {
  std::u32string text;
  for (int i = 0; i < 500000; ++i) text += U"A\u03A3'";
  EXPECT_EQ(python::lower(text).size(), text.size());
}

}  // namespace
}  // namespace zlens
