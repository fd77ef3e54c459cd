#include "eval/heat_map.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "eval/drawing.h"
#include "eval/report_page.h"
#include "eval/texts.h"

namespace zlens {
namespace {

constexpr int kLevels = 12;

// From nothing (h0) to most (h11): towards dark on a light page, towards bright on a dark one.
constexpr std::string_view kStyle = R"css(
.h0 { fill: #edf0f4; } .h1 { fill: #dbe6f3; } .h2 { fill: #c0d7ee; } .h3 { fill: #9cc4e6; } .h4 { fill: #74abdc; } .h5 { fill: #4f8fd0; }
.h6 { fill: #3c72bf; } .h7 { fill: #3657a8; } .h8 { fill: #3a3f90; } .h9 { fill: #3d2a75; } .h10 { fill: #3a1758; } .h11 { fill: #2b0b3a; }
@media (prefers-color-scheme: dark) {
  .h0 { fill: #22272e; } .h1 { fill: #1f3446; } .h2 { fill: #1d435c; } .h3 { fill: #1b5470; } .h4 { fill: #1b6682; } .h5 { fill: #237a8d; }
  .h6 { fill: #348f91; } .h7 { fill: #50a48e; } .h8 { fill: #78b885; } .h9 { fill: #a8ca7a; } .h10 { fill: #d7d96f; } .h11 { fill: #fbe86a; } }
.drawing .bar-of-means { fill: var(--d-c0); opacity: .7; }
)css";

constexpr double kWidth = 1020, kTop = 44, kCellHeight = 26, kBar = 52, kGap = 10, kKey = 14;

// What the colours run over. h0 is for 0 alone.
struct Range {
  double low = 0, high = 0;

  int level(double value) const {
    if (!(value > 0) || !(high > 0)) return 0;
    const double place = high > low ? (value - low) / (high - low) : 1;
    return std::clamp(1 + static_cast<int>(place * (kLevels - 1)), 1, kLevels - 1);
  }
};

// From 0, or from the smallest value where all are large: differences must show.
Range range_of(const std::vector<HeatCell>& cells) {
  const auto smaller = [](const HeatCell& a, const HeatCell& b) { return a.value < b.value; };
  const auto [low, high] = std::minmax_element(cells.begin(), cells.end(), smaller);
  if (low == cells.end()) return {};
  return {low->value > 0.5 * high->value ? low->value : 0, high->value};
}

std::string heat_class(int of) {
  return "h" + std::to_string(of);
}

struct Box {
  double x, y, width, height;
};

std::string rectangle(std::string_view style, const Box& box, std::string_view title = "") {
  const std::string start = "<rect class=\"" + std::string(style) + "\" x=\"" + svg_number(box.x) + "\" y=\"" + svg_number(box.y) +
                            "\" width=\"" + svg_number(box.width) + "\" height=\"" + svg_number(box.height) + "\"";
  return start + (title.empty() ? "/>\n" : "><title>" + html(title) + "</title></rect>\n");
}

// The mean value of each row or column, as `index` picks.
std::vector<double> means(const HeatMap& map, std::size_t count, std::size_t HeatCell::*index) {
  std::vector<double> sums(count), counts(count);
  for (const HeatCell& cell : map.cells) {
    sums.at(cell.*index) += cell.value;
    counts.at(cell.*index) += 1;
  }
  for (std::size_t i = 0; i < count; ++i) sums[i] /= std::max(counts[i], 1.0);
  return sums;
}

std::string draw_key(double right, const Range& range) {
  const double left = right - kKey * kLevels;
  std::string out;
  for (int i = 0; i < kLevels; ++i) out += rectangle(heat_class(i), {left + kKey * i, 6, kKey, 10});
  return out + svg_text({left - 6, 15, Anchor::End}, number_text("%.2g", range.low)) +
         svg_text({right + 6, 15}, number_text("%.2g", range.high));
}

class HeatMapDrawing {
 public:
  explicit HeatMapDrawing(const HeatMap& map) : map_(map), range_(range_of(map.cells)) {
    for (const std::string& row : map.rows) left_ = std::max(left_, text_width(row) + 14);
    width_ = std::min((kWidth - kBar - kGap - left_) / static_cast<double>(map.columns.size()), 60.0);
    bottom_ = kTop + kCellHeight * static_cast<double>(map.rows.size());
  }

  std::string draw(std::string_view label) const {
    std::string body = svg_text({left_, 15}, map_.column_title) + draw_key(kWidth - 56, range_);
    for (std::size_t row = 0; row < map_.rows.size(); ++row)
      body += svg_text({left_ - 8, y_of(row) + kCellHeight * 0.65, Anchor::End, "ink"}, map_.rows[row]);
    for (const HeatCell& cell : map_.cells)
      body += rectangle(heat_class(range_.level(cell.value)),
                        {x_of(cell.column) + 0.75, y_of(cell.row) + 0.75, width_ - 1.5, kCellHeight - 1.5}, cell.title);
    return drawing(kWidth, bottom_ + kGap + kBar, label, body + draw_rows() + draw_columns());
  }

 private:
  double x_of(std::size_t column) const { return left_ + width_ * static_cast<double>(column); }
  static double y_of(std::size_t row) { return kTop + kCellHeight * static_cast<double>(row); }

  std::string draw_rows() const {
    const std::vector<double> of = means(map_, map_.rows.size(), &HeatCell::row);
    const double most = *std::max_element(of.begin(), of.end());
    std::string out;
    for (std::size_t i = 0; i < of.size() && most > 0; ++i)
      out += rectangle("bar-of-means", {x_of(map_.columns.size()) + kGap, y_of(i) + 6, kBar * of[i] / most, kCellHeight - 12},
                       map_.rows[i] + ": " + number_text("%.3g", of[i]));
    return out;
  }

  std::string draw_columns() const {
    const std::vector<double> of = means(map_, map_.columns.size(), &HeatCell::column);
    const double most = *std::max_element(of.begin(), of.end());
    const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil(22 / width_)));  // labels need their room
    std::string out;
    for (std::size_t i = 0; i < of.size(); ++i) {
      if (most > 0)
        out += rectangle("bar-of-means", {x_of(i) + width_ * 0.2, bottom_ + kGap, width_ * 0.6, kBar * of[i] / most},
                         map_.column_title + " " + map_.columns[i] + ": " + number_text("%.3g", of[i]));
      if (i % every == 0) out += svg_text({x_of(i) + width_ / 2, kTop - 8, Anchor::Middle}, map_.columns[i]);
    }
    return out;
  }

  const HeatMap& map_;
  const Range range_;
  double left_ = 0, width_ = 0, bottom_ = 0;  // of the cells
};

}  // namespace

std::string_view heat_map_style() {
  return kStyle;
}

std::string draw(const HeatMap& map, std::string_view label) {
  return HeatMapDrawing(map).draw(label);
}

std::string draw(const StripMap& map, double largest, std::string_view label) {
  constexpr double full = 256, line = 5;
  std::array<std::string, kLevels> paths;  // the cells of one colour are one path: pages hold ten thousands of them
  for (std::size_t row = 0; row < map.rows.size(); ++row) {
    const double width = full / static_cast<double>(map.rows[row].size());
    for (std::size_t i = 0; i < map.rows[row].size(); ++i)
      paths[static_cast<std::size_t>(Range{0, largest}.level(map.rows[row][i]))] +=
          "M" + svg_number(width * static_cast<double>(i)) + " " + svg_number(line * static_cast<double>(row)) + "h" +
          svg_number(width + 0.3) + "v" + svg_number(line) + "h-" + svg_number(width + 0.3) + "z";
  }
  std::string body;
  for (int i = 0; i < kLevels; ++i)
    if (const std::string& path = paths[static_cast<std::size_t>(i)]; !path.empty())
      body += "<path class=\"" + heat_class(i) + "\" d=\"" + path + "\"/>\n";
  return drawing(full, line * static_cast<double>(map.rows.size()), label, body);
}

}  // namespace zlens
