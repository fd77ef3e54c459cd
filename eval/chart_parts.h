// What charts are put together from: ranges, axes, legends. Used by the charts alone.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace zlens {

// Numbers beyond this are not drawn.
bool drawable(double value);

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double value);
  // 0..1 where nothing was added.
  Range or_unit() const;
};

// One direction of a plot: values to a drawing's units.
struct Axis {
  double low, high;  // values at the ends, low < high
  double from, to;   // units at the ends
  double at(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

double tick_step(const std::vector<double>& ticks);

// The horizontal axis at `y` with those of its ticks that it covers; 17 units high.
std::string draw_x_axis(const std::vector<double>& ticks, const Axis& x, double y);

// " c<color>" or nothing for -1. Throws InputError on a colour that does not exist.
std::string color_class(int color);

struct LegendEntry {
  std::string name;
  const char* line;  // class of the sample
  int color;
  bool dot;
};

// Entries from left to right, broken into rows of `width`.
class Legend {
 public:
  Legend(std::vector<LegendEntry> entries, double width);
  double height() const;
  // With its upper left corner at 0, 0.
  std::string draw() const;

 private:
  std::vector<LegendEntry> entries_;
  std::vector<std::pair<double, int>> places_;  // x, row
  int rows_ = 0;
};

}  // namespace zlens
