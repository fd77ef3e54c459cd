#include "eval/svg_chart.h"

#include <algorithm>

#include "eval/chart_parts.h"
#include "eval/drawing.h"
#include "eval/report_page.h"
#include "eval/texts.h"

namespace zlens {
namespace {

Legend legend_of(const LineChart& chart) {
  std::vector<LegendEntry> entries;
  if (chart.legend) {
    for (const ChartSeries& series : chart.series) {
      if (series.name.empty()) continue;
      entries.push_back(
          {series.name, series.style == LineStyle::Faint ? "plot faint" : "plot", series.color, series.style == LineStyle::Marked});
    }
    for (const BaseLine& base : chart.base_lines)
      if (!base.name.empty()) entries.push_back({base.name, "base", base.color, false});
  }
  return Legend(std::move(entries), chart.width);
}

std::string marks(const ChartSeries& series, const Axis& x, const Axis& y) {
  std::string out;
  const auto circle = [&](const ChartPoint& point, const char* style, const char* radius) {
    if (!drawable(point.x) || !drawable(point.y)) return;
    out += "<circle class=\"" + std::string(style) + "\" cx=\"" + svg_number(x.at(point.x)) + "\" cy=\"" +
           svg_number(y.at(point.y)) + "\" r=\"" + radius + "\"><title>" + html(series.name) + ": " + number_text("%.4g", point.y) +
           " at " + number_text("%.4g", point.x) + "</title></circle>\n";
  };
  if (series.style == LineStyle::Marked)
    for (const ChartPoint& point : series.points) circle(point, "dot", "3.2");
  if (series.highlight) circle(*series.highlight, "ring", "6.5");
  return out;
}

std::string draw_series(const ChartSeries& series, const Axis& x, const Axis& y) {
  std::string path;
  bool pen_down = false;
  for (const ChartPoint& point : series.points) {
    if (!drawable(point.x) || !drawable(point.y)) {
      pen_down = false;
      continue;
    }
    path += (pen_down ? "L" : "M") + svg_number(x.at(point.x)) + " " + svg_number(y.at(point.y));
    pen_down = true;
  }
  return "<g class=\"series" + color_class(series.color) + "\"><path class=\"plot" +
         (series.style == LineStyle::Faint ? " faint" : "") + "\" d=\"" + path + "\"/>\n" + marks(series, x, y) + "</g>\n";
}

std::string draw_grid(const std::vector<double>& y_ticks, const Axis& x, const Axis& y) {
  std::string out;
  for (const double tick : y_ticks) {
    const double at = y.at(tick);
    out +=
        svg_line(x.from, at, x.to, at, "grid") + svg_text({x.from - 7, at + 4, Anchor::End}, tick_text(tick, tick_step(y_ticks)));
  }
  return out;
}

struct Ranges {
  Range x, y;
};

Ranges ranges_of(const LineChart& chart) {
  Ranges ranges;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      if (!drawable(point.x) || !drawable(point.y)) continue;
      ranges.x.add(point.x);
      ranges.y.add(point.y);
    }
  }
  for (const BaseLine& base : chart.base_lines)
    if (drawable(base.y)) ranges.y.add(base.y);
  ranges = {ranges.x.or_unit(), ranges.y.or_unit()};
  if (ranges.x.low == ranges.x.high) ranges.x = {ranges.x.low - 0.5, ranges.x.high + 0.5};
  return ranges;
}

}  // namespace

std::string line_chart(const LineChart& chart) {
  const Ranges ranges = ranges_of(chart);
  const Legend legend = legend_of(chart);
  const auto y_ticks = nice_ticks(ranges.y.low, ranges.y.high, chart.height < 200 ? 3 : 5);
  const auto x_ticks = nice_ticks(ranges.x.low, ranges.x.high, std::max(3, static_cast<int>(chart.width / 75)), 1);
  double margin = 0;
  for (const double tick : y_ticks) margin = std::max(margin, text_width(tick_text(tick, tick_step(y_ticks))));
  const double top = legend.height() + (chart.y_label.empty() ? 8 : 24), bottom = chart.height - (chart.x_label.empty() ? 22 : 40);
  const double last = text_width(tick_text(x_ticks.back(), tick_step(x_ticks))) / 2 + 2;
  const Axis x{ranges.x.low, ranges.x.high, margin + 9, chart.width - std::max(12.0, last)},
      y{y_ticks.front(), y_ticks.back(), bottom, top};
  std::string body = legend.draw() + draw_grid(y_ticks, x, y) + draw_x_axis(x_ticks, x, bottom);
  if (!chart.y_label.empty()) body += svg_text({0, top - 12}, chart.y_label);
  if (!chart.x_label.empty()) body += svg_text({(x.from + x.to) / 2, bottom + 36, Anchor::Middle}, chart.x_label);
  for (const BaseLine& base : chart.base_lines)
    if (drawable(base.y)) body += svg_line(x.from, y.at(base.y), x.to, y.at(base.y), "base" + color_class(base.color));
  // Faint ones lie behind.
  for (const ChartSeries& series : chart.series)
    if (series.style == LineStyle::Faint) body += draw_series(series, x, y);
  for (const ChartSeries& series : chart.series)
    if (series.style != LineStyle::Faint) body += draw_series(series, x, y);
  return drawing(chart.width, chart.height, chart.label, body);
}

}  // namespace zlens
