// Heat maps: values as colours, for pages that add heat_map_style() to their head.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zlens {

std::string_view heat_map_style();

struct HeatCell {
  std::size_t row = 0, column = 0;
  double value = 0;   // at least 0
  std::string title;  // shown under the pointer
};

struct HeatMap {
  std::vector<std::string> rows, columns;  // labels; neither is empty
  std::string column_title;
  std::vector<HeatCell> cells;
};

// With labels, a scale, and bars for the means of rows and columns. Colours run from 0 to the largest value, or from the
// smallest where that is more than half the largest.
std::string draw(const HeatMap& map, std::string_view label);

// Rows of values without labels, from top to bottom, all stretched to one width. Colours run from 0 to `largest`.
struct StripMap {
  std::vector<std::vector<double>> rows;
};
std::string draw(const StripMap& map, double largest, std::string_view label);

}  // namespace zlens
