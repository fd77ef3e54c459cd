// How one chart looks.
#pragma once

#include <array>
#include <string>

#include "synth/canvas.h"
#include "synth/chart.h"
#include "synth/painter.h"

namespace zlens::synth {

struct ChartStyle {
  cv::Size size;  // at least; long labels make a chart wider, long notes higher
  TextStyle title, label, small;
  std::array<cv::Scalar, 6> colours;  // of series, or of a pie's slices
  cv::Scalar ink, grid;
  bool grid_lines = true;
  bool unit_in_title = true;  // else above the value axis
  bool axis_name = true;
  bool lying = false;          // bars from left to right
  bool legend_values = false;  // a pie: names and values stand in the legend, else around the pie
  bool framed = false;         // a thin line around the picture
  double bar_share = 0.65;     // of the room that a category has
  Values values = Values::Readable;
};

ChartStyle draw_chart_style(Rng& rng, const PictureOptions& options);

// A chart's page: the title stands at the top, the note below; `inner`, at least `least_inner`, is left for the rest.
struct ChartPage {
  ChartPage(Fonts& fonts, const Chart& chart, const ChartStyle& style, cv::Size least_inner);
  Canvas canvas;
  cv::Rect inner;
};

// A row of colours and names from the left of `inner`, which it shortens from above.
void draw_legend(ChartPage& page, const std::vector<std::string>& names, const ChartStyle& style);

int widest(Fonts& fonts, const std::vector<std::string>& texts, const TextStyle& style);

Picture draw_standing(Fonts& fonts, const Chart& chart, const ChartStyle& style);  // bars, grouped bars, lines
Picture draw_lying(Fonts& fonts, const Chart& chart, const ChartStyle& style);     // bars, grouped bars
Picture draw_pie(Fonts& fonts, const Chart& chart, const ChartStyle& style);

}  // namespace zlens::synth
