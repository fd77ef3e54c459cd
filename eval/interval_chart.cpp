#include "eval/interval_chart.h"

#include <algorithm>

#include "eval/chart_parts.h"
#include "eval/drawing.h"

namespace zlens {
namespace {

constexpr std::size_t kNameLetters = 24;
constexpr double kSlot = 15;  // height of one interval

Legend legend_of(const IntervalChart& chart) {
  std::vector<LegendEntry> entries;
  for (std::size_t s = 0; chart.series.size() > 1 && s < chart.series.size(); ++s)
    entries.push_back({chart.series[s], "plot", static_cast<int>(s) % kDrawingColors, true});
  return Legend(std::move(entries), chart.width);
}

std::string draw_row(const IntervalRow& row, const Axis& x, double middle) {
  std::string out;
  const double first = middle - static_cast<double>(row.estimates.size() - 1) / 2 * kSlot;
  for (std::size_t s = 0; s < row.estimates.size(); ++s) {
    const Estimate& estimate = row.estimates[s];
    const double y = first + static_cast<double>(s) * kSlot;
    out += "<g class=\"series" + color_class(static_cast<int>(s) % kDrawingColors) + "\">" +
           svg_line(x.at(estimate.low), y, x.at(estimate.high), y, "plot") + "<circle class=\"dot\" cx=\"" +
           svg_number(x.at(estimate.mean)) + "\" cy=\"" + svg_number(y) + "\" r=\"4.2\"/></g>\n";
  }
  return out;
}

}  // namespace

std::string interval_chart(const IntervalChart& chart) {
  const Legend legend = legend_of(chart);
  Range range;
  range.add(chart.base);
  double margin = 40;
  for (const IntervalRow& row : chart.rows) {
    margin = std::max(margin, text_width(shortened(row.name, kNameLetters)) + 14);
    for (const Estimate& estimate : row.estimates) range.add(estimate.low), range.add(estimate.high);
  }
  const double row_height = static_cast<double>(chart.series.size()) * kSlot + 13;
  const double top = legend.height() + 4, bottom = top + row_height * static_cast<double>(chart.rows.size());
  const auto ticks = nice_ticks(range.low, range.high, 5);
  const Axis x{ticks.front(), ticks.back(), margin, chart.width - 22};
  std::string body = legend.draw();
  for (const double tick : ticks) body += svg_line(x.at(tick), top, x.at(tick), bottom, "grid");
  body += svg_line(x.at(chart.base), top, x.at(chart.base), bottom, "base") + draw_x_axis(ticks, x, bottom) +
          svg_text({(x.from + x.to) / 2, bottom + 36, Anchor::Middle}, chart.x_label);
  for (std::size_t r = 0; r < chart.rows.size(); ++r) {
    const double middle = top + (static_cast<double>(r) + 0.5) * row_height;
    body += svg_text({0, middle + 4, Anchor::Start, "ink"}, shortened(chart.rows[r].name, kNameLetters)) +
            draw_row(chart.rows[r], x, middle);
  }
  return drawing(chart.width, bottom + 42, chart.label, body);
}

}  // namespace zlens
