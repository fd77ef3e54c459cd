#include "eval/chart_parts.h"

#include <algorithm>
#include <cmath>

#include "eval/drawing.h"
#include "io/error.h"

namespace zlens {
namespace {

constexpr double kLargest = 1e30;
constexpr std::size_t kLegendLetters = 34;
constexpr double kRow = 19, kSample = 20, kGap = 6, kBetween = 14;

}  // namespace

bool drawable(double value) {
  return std::abs(value) <= kLargest;
}

void Range::add(double value) {
  low = std::min(low, value);
  high = std::max(high, value);
}

Range Range::or_unit() const {
  return low <= high ? *this : Range{0, 1};
}

double tick_step(const std::vector<double>& ticks) {
  return ticks.size() > 1 ? ticks[1] - ticks[0] : 1;
}

std::string draw_x_axis(const std::vector<double>& ticks, const Axis& x, double y) {
  std::string out = svg_line(x.from, y, x.to, y, "axis");
  for (const double tick : ticks) {
    const double at = x.at(tick);
    if (tick < x.low || tick > x.high) continue;
    out += svg_line(at, y, at, y + 4, "axis") + svg_text({at, y + 17, Anchor::Middle}, tick_text(tick, tick_step(ticks)));
  }
  return out;
}

std::string color_class(int color) {
  if (color >= kDrawingColors) throw InputError("chart: there is no colour " + std::to_string(color));
  return color < 0 ? "" : " c" + std::to_string(color);
}

Legend::Legend(std::vector<LegendEntry> entries, double width) : entries_(std::move(entries)) {
  double x = 0;
  for (LegendEntry& entry : entries_) {
    entry.name = shortened(entry.name, kLegendLetters);
    const double needed = kSample + kGap + text_width(entry.name);
    if (x > 0 && x + needed > width) {
      x = 0;
      ++rows_;
    }
    places_.emplace_back(x, rows_);
    x += needed + kBetween;
  }
}

double Legend::height() const {
  return entries_.empty() ? 0 : (rows_ + 1) * kRow + 5;
}

std::string Legend::draw() const {
  std::string out;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const LegendEntry& entry = entries_[i];
    const double x = places_[i].first, y = places_[i].second * kRow + 9;
    out += "<g class=\"key" + color_class(entry.color) + "\">" + svg_line(x, y, x + kSample, y, entry.line);
    if (entry.dot)
      out += "<circle class=\"dot\" cx=\"" + svg_number(x + kSample / 2) + "\" cy=\"" + svg_number(y) + "\" r=\"3.2\"/>";
    out += svg_text({x + kSample + kGap, y + 4, Anchor::Start, "ink"}, entry.name) + "</g>\n";
  }
  return out;
}

}  // namespace zlens
