#include "eval/drawing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "eval/interval_chart.h"
#include "eval/svg_chart.h"
#include "eval/texts.h"
#include "io/error.h"
#include "tests/eval/page_checks.h"

namespace zlens {
namespace {

using test::contains;
using test::count;

TEST(Ticks, AreRoundAndCoverTheRange) {
  EXPECT_EQ(nice_ticks(0, 1, 5), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  EXPECT_EQ(nice_ticks(3, 58, 5), (std::vector<double>{0, 20, 40, 60}));
  EXPECT_EQ(nice_ticks(0, 2, 5, 1), (std::vector<double>{0, 1, 2}));
  for (const double low : {-1e30, -7.3, -1e-9, 0.0, 1e-12, 0.42, 123456.0}) {
    for (const double width : {0.0, 1e-9, 0.003, 1.0, 77.0, 1e9}) {
      const auto ticks = nice_ticks(low, low + width, 5);
      ASSERT_GE(ticks.size(), 2u) << low << " " << width;
      ASSERT_LE(ticks.size(), 8u) << low << " " << width;
      const double step = ticks[1] - ticks[0];
      EXPECT_LE(ticks.front(), low + 1e-8 * step);
      EXPECT_GE(ticks.back(), low + width - 1e-8 * step);
    }
  }
}

TEST(Ticks, TextIsTheShortestThatTells) {
  EXPECT_EQ(tick_text(0.4, 0.2), "0.4");
  EXPECT_EQ(tick_text(0.6000000000000001, 0.2), "0.6");
  EXPECT_EQ(tick_text(0.45, 0.05), "0.45");
  EXPECT_EQ(tick_text(40, 20), "40");
  EXPECT_EQ(tick_text(-1e-17, 0.1), "0.0");
  EXPECT_EQ(tick_text(-0.5, 0.5),
            "\xE2\x88\x92"
            "0.5");
  EXPECT_EQ(tick_text(2e6, 1e6), "2e+06");
}

TEST(Numbers, ForCoordinatesAreShortAndPlain) {
  EXPECT_EQ(svg_number(1), "1");
  EXPECT_EQ(svg_number(-0.001), "0");
  EXPECT_EQ(svg_number(-2.5), "-2.5");
  EXPECT_EQ(svg_number(1e30).find('e'), std::string::npos);
  EXPECT_EQ(number_text("%+.2f", -0.5),
            "\xE2\x88\x92"
            "0.50");
  EXPECT_EQ(p_text(0.00009), "<0.0001");
  EXPECT_EQ(shortened("zwölf", 5), "zwölf");
  EXPECT_EQ(shortened("zwölfe", 5), "zwöl\xE2\x80\xA6");
}

LineChart example() {
  LineChart chart{.label = "a", .x_label = "step", .y_label = "score"};
  chart.series = {{"validation", {{0, 0.2}, {10, 0.4}, {20, 0.8}}, LineStyle::Marked, 0, ChartPoint{20, 0.8}},
                  {"reward", {{1, 0.1}, {2, 0.3}}, LineStyle::Faint, 1, {}}};
  chart.base_lines = {{"base", 0.2}};
  return chart;
}

TEST(LineChart, ShowsSeriesBaseLegendAndTicks) {
  const std::string svg = line_chart(example());
  test::expect_well_formed(svg);
  EXPECT_EQ(count(svg, "<path"), 2u);
  EXPECT_EQ(count(svg, "class=\"ring\""), 1u);
  EXPECT_EQ(count(svg, "<line x1=\"0\""), 1u) << "the legend's first sample";
  EXPECT_EQ(count(svg, "class=\"base\""), 2u) << "the line and its sample";
  for (const char* text : {">validation<", ">reward<", ">base<", ">0.2<", ">20<", ">step<", ">score<", "validation: 0.8 at 20"})
    EXPECT_TRUE(contains(svg, text)) << text;
  EXPECT_LT(svg.find("plot faint\" d="), svg.find("class=\"plot\" d=")) << "faint series lie behind";
}

TEST(LineChart, HigherValuesStandHigher) {
  const std::string svg = line_chart(example());
  const auto y_of = [&](const char* label) {
    const std::size_t end = svg.rfind("cy=\"", svg.find(label));
    return std::stod(svg.substr(end + 4));
  };
  EXPECT_LT(y_of("validation: 0.8"), y_of("validation: 0.4"));
  EXPECT_NEAR(2 * (y_of("validation: 0.2") - y_of("validation: 0.4")), y_of("validation: 0.4") - y_of("validation: 0.8"), 0.03);
}

TEST(LineChart, MissingPointsInterruptTheLine) {
  LineChart chart;
  const double nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
  chart.series = {
      {"", {{0, 1}, {1, nan}, {2, 3}, {3, infinite}, {4, 1e300}, {5, 2}, {6, 2}}, LineStyle::Marked, 0, ChartPoint{1, nan}}};
  const std::string svg = line_chart(chart);
  test::expect_well_formed(svg);
  const std::string path = svg.substr(svg.find(" d=\""), svg.find("\"/>", svg.find(" d=\"")) - svg.find(" d=\""));
  EXPECT_EQ(count(path, "M"), 3u) << path;
  EXPECT_EQ(count(path, "L"), 1u) << path;
  EXPECT_EQ(count(svg, "<circle"), 4u);
  EXPECT_FALSE(contains(svg, "nan") || contains(svg, "inf"));
}

TEST(LineChart, NothingOrOnePointIsDrawable) {
  LineChart chart;
  test::expect_well_formed(line_chart(chart));
  chart.series = {{"", {{5, 0}}, LineStyle::Plain, 0, {}}};
  const std::string svg = line_chart(chart);
  EXPECT_FALSE(contains(svg, "nan")) << svg;
  chart.series[0].color = kDrawingColors;
  EXPECT_THROW(line_chart(chart), InputError);
}

TEST(LineChart, TextIsEscaped) {
  LineChart chart = example();
  const std::string evil(test::kEvil);
  chart.label = chart.x_label = chart.y_label = chart.series[0].name = chart.base_lines[0].name = evil;
  const std::string svg = line_chart(chart);
  test::expect_well_formed(svg);
  EXPECT_FALSE(contains(svg, "<script"));
}

TEST(IntervalChart, ShowsARowForEachName) {
  IntervalChart chart{.label = "d", .x_label = "difference", .series = {"B", "C"}, .rows = {}};
  chart.rows = {{"all", {{0.1, -0.1, 0.3}, {0.2, 0.1, 0.3}}}, {std::string(test::kEvil), {{0, 0, 0}, {-0.5, -0.6, -0.4}}}};
  const std::string svg = interval_chart(chart);
  test::expect_well_formed(svg);
  EXPECT_EQ(count(svg, "r=\"4.2\""), 4u);
  EXPECT_EQ(count(svg, "class=\"base\""), 1u);
  EXPECT_TRUE(contains(svg, ">all<"));
  EXPECT_FALSE(contains(svg, "<script"));
}

TEST(SvgFile, CarriesItsStyle) {
  const std::string file = svg_file(line_chart(example()));
  test::expect_well_formed(file);
  EXPECT_TRUE(file.starts_with("<svg "));
  EXPECT_TRUE(contains(file, "xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_TRUE(contains(file, "prefers-color-scheme: dark"));
}

}  // namespace
}  // namespace zlens
