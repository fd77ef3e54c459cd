// Line charts.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace zlens {

struct ChartPoint {
  double x = 0, y = 0;
};

enum class LineStyle { Plain, Marked, Faint };  // Marked: its points are drawn, too

struct ChartSeries {
  std::string name;  // in the legend
  std::vector<ChartPoint> points;
  LineStyle style = LineStyle::Plain;
  int color = 0;                        // 0..kDrawingColors-1; series that belong together share one
  std::optional<ChartPoint> highlight;  // ringed
};

// A dotted horizontal line over the whole width.
struct BaseLine {
  std::string name;
  double y = 0;
  int color = -1;  // of a series; -1: neutral
};

struct LineChart {
  std::string label;             // for readers who hear the page
  std::string x_label, y_label;  // y_label stands above the axis
  std::vector<ChartSeries> series;
  std::vector<BaseLine> base_lines;
  double width = 400, height = 270;
  bool legend = true;
};

// The drawing. Points beyond ±1e30 or not finite interrupt their line. Throws InputError on a colour that does not exist.
std::string line_chart(const LineChart& chart);

}  // namespace zlens
