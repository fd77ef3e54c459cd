#include "eval/heat_map.h"

#include <gtest/gtest.h>

#include "tests/eval/page_checks.h"

namespace zlens {
namespace {

using test::count;

TEST(HeatMap, EveryCellHasItsColourAndTitle) {
  HeatMap map;
  map.rows = {"q", "<k>"};
  map.columns = {"0", "1", "2"};
  map.column_title = "layer";
  map.cells = {{0, 0, 0, "nothing"}, {0, 2, 1, "most"}, {1, 1, 0.5, "a & b"}};
  map.cells.push_back({1, 0, 0.1, std::string(test::kEvil)});
  const std::string svg = draw(map, test::kEvil);
  test::expect_well_formed(svg);
  EXPECT_EQ(count(svg, "<title>nothing</title>"), 1U);
  EXPECT_NE(svg.find("class=\"h11\""), std::string::npos);
  EXPECT_NE(svg.find("&lt;k&gt;"), std::string::npos);
  EXPECT_NE(svg.find("a &amp; b"), std::string::npos);
  EXPECT_EQ(svg.find("<k>"), std::string::npos);
  const auto colour_of = [&](const std::string& title) {
    const std::size_t end = svg.find("<title>" + title), start = svg.rfind("class=\"", end) + 7;
    return svg.substr(start, svg.find('"', start) - start);
  };
  EXPECT_EQ(colour_of("nothing"), "h0");
  EXPECT_EQ(colour_of("most"), "h11");
  EXPECT_EQ(colour_of("a &amp; b"), "h6");
}

TEST(HeatMap, ColoursStartAtTheSmallestWhereAllAreLarge) {
  HeatMap map{{"r"}, {"a", "b", "c"}, "", {{0, 0, 0.9, "low"}, {0, 1, 0.95, "middle"}, {0, 2, 1, "high"}}};
  const std::string svg = draw(map, "");
  EXPECT_LT(svg.find("class=\"h1\""), svg.find("<title>low"));
  EXPECT_NE(svg.find(">0.9<"), std::string::npos) << "the scale says so";
}

TEST(HeatMap, NothingAtAllAndEqualValuesStayFinite) {
  for (const double value : {0.0, 1.0}) {
    const HeatMap map{{"r"}, {"c"}, "", {{0, 0, value, "x"}}};
    const std::string svg = draw(map, "");
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
    test::expect_well_formed(svg);
  }
}

TEST(StripMap, RowsOfDifferentLengthsShareOneWidth) {
  const std::string svg = draw(StripMap{{{0, 1}, {0.25, 0.5, 1, 0}}}, 1, "strips");
  EXPECT_EQ(count(svg, "M"), 6U) << "one rectangle a value";
  EXPECT_NE(svg.find("M128 0h128.3"), std::string::npos) << svg;
  EXPECT_NE(svg.find("M192 5h64.3"), std::string::npos) << svg;
}

}  // namespace
}  // namespace zlens
