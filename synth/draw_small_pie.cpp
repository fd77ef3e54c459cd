#include <algorithm>
#include <cmath>

#include "synth/chart_style.h"
#include "synth/small_chart_page.h"

namespace zlens::synth {
namespace {

// A pie with its legend at the right or below. Values stand in the slices, where all are wide enough, or in the legend.
class SmallPie {
 public:
  SmallPie(Fonts& fonts, const Chart& chart, const SmallChartStyle& style, Rng& rng)
      : chart_(chart), style_(style), page_(fonts, chart, style, rng.chance(0.5)) {
    const auto& shares = chart.values[0];
    const bool wide = std::none_of(shares.begin(), shares.end(), [](Decimal share) { return share.value() < 15; });
    in_slices_ = style.values && wide && rng.chance(0.6);
    below_ = chart.categories.size() <= 4 && rng.chance(0.4);
    turned_ = rng.chance(0.5) ? 0 : rng.real(0, 360);
  }

  Picture draw() {
    const std::vector<std::string> texts = legend_texts();
    cv::Rect room = page_.inner;
    const int column = widest(page_.canvas.fonts(), texts, style_.label) + style_.pixels(13);
    below_ = below_ && column <= page_.inner.width / 2;
    const int rows = (static_cast<int>(texts.size()) + 1) / 2;
    if (below_) {
      room.height -= rows * row_height();
    } else {
      room.width -= column;
    }
    radius_ = std::min(room.width, room.height) / 2.0 - style_.pixels(2);
    centre_ = {room.x + room.width / 2.0, room.y + room.height / 2.0};
    draw_slices();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const int line = static_cast<int>(below_ ? i / 2 : i), count = static_cast<int>(texts.size());
      const int x =
          below_ ? page_.inner.x + static_cast<int>(i % 2) * page_.inner.width / 2 + style_.pixels(2) : room.x + room.width;
      const int y = below_ ? room.y + room.height + line * row_height() + row_height() / 2
                           : room.y + room.height / 2 + line * row_height() - (count - 1) * row_height() / 2;
      draw_entry(texts[i], {x, y}, i);
    }
    return page_.canvas.take();
  }

 private:
  int row_height() const { return style_.label.size * 13 / 10; }

  std::vector<std::string> legend_texts() const {
    std::vector<std::string> out;
    for (std::size_t c = 0; c < chart_.categories.size(); ++c)
      out.push_back(chart_.categories[c] + (style_.values && !in_slices_ ? " " + chart_.printed(0, c) : ""));
    return out;
  }

  void draw_slices() {
    double from = turned_;
    for (std::size_t c = 0; c < chart_.categories.size(); ++c) {
      const double to = from + chart_.values[0][c].value() * 3.6;
      std::vector<cv::Point2d> outline = {centre_};
      const int steps = std::max(2, static_cast<int>((to - from) / 4));
      for (int i = 0; i <= steps; ++i) outline.push_back(at(from + (to - from) * i / steps, radius_));
      page_.fill(outline, c);
      page_.canvas.mark_value(chart_.values[0][c].value(), {outline.begin(), outline.end()});
      from = to;
    }
    for (std::size_t c = 0; c < chart_.categories.size(); ++c) {
      page_.canvas.line(centre_, at(from, radius_), style_.look.paper);
      const double middle = from + chart_.values[0][c].value() * 1.8;
      from += chart_.values[0][c].value() * 3.6;
      if (in_slices_) draw_share(c, at(middle, radius_ * 0.64));
    }
  }

  // Black or white, whichever differs more from the slice.
  void draw_share(std::size_t c, cv::Point2d middle) {
    TextStyle text = style_.label;
    const std::size_t colour = style_.colours[c % style_.colours.size()];
    text.colour = cv::Scalar::all(brightness(scalar_of(kColours[colour].rgb)) > 125 ? 0 : 255);
    page_.canvas.text_at(chart_.printed(0, c), middle, text, Align::Centre);
    page_.mark_text_value(chart_.values[0][c]);
  }

  void draw_entry(const std::string& text, cv::Point left, std::size_t c) {
    const int swatch = style_.pixels(7);
    page_.bar(cv::Rect2d(left.x, left.y - swatch / 2.0, swatch, swatch), c);
    page_.canvas.text_at(text, {left.x + swatch + style_.pixels(3), left.y}, style_.label);
    page_.mark_text_value(chart_.values[0][c]);
  }

  cv::Point2d at(double degrees, double radius) const {
    const double angle = degrees * CV_PI / 180;
    return {centre_.x + radius * std::sin(angle), centre_.y - radius * std::cos(angle)};
  }

  const Chart& chart_;
  const SmallChartStyle& style_;
  SmallChartPage page_;
  bool in_slices_ = false, below_ = false;
  double turned_ = 0;  // degrees at which the first slice begins
  cv::Point2d centre_;
  double radius_ = 0;
};

}  // namespace

Picture draw_small_pie(Fonts& fonts, const Chart& chart, const SmallChartStyle& style, Rng& rng) {
  return SmallPie(fonts, chart, style, rng).draw();
}

}  // namespace zlens::synth
