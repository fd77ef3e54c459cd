#include "io/python_text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "io/python_vectors.h"
#include "io/utf8.h"

namespace zlens {
namespace {

TEST(PythonText, FloatFollowsPython) {
  for (const Json& row : python_vectors()["float"]) {
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
  for (const Json& row : python_vectors()["split"]) {
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
  EXPECT_EQ(Json(spaces), python_vectors()["spaces"][0]);
}

}  // namespace
}  // namespace zlens
