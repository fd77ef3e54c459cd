#include <algorithm>
#include <cmath>

#include "synth/chart_style.h"

namespace zlens::synth {
namespace {

class Pie {
 public:
  Pie(Fonts& fonts, const Chart& chart, const ChartStyle& style) : chart_(chart), style_(style), page_(fonts, chart, style, {}) {}

  Picture draw() {
    const cv::Rect& inner = page_.inner;
    const bool around = style_.values != Values::Off && !style_.legend_values;
    const int legend = around ? 0 : widest(page_.canvas.fonts(), legend_texts(), style_.label) + 3 * style_.label.size;
    const int room = around ? 4 * style_.label.size : style_.label.size;
    radius_ = std::min(inner.height, inner.width - legend - 2 * room) / 2.0 - room / 2.0;
    centre_ = {inner.x + (inner.width - legend) / 2.0, inner.y + inner.height / 2.0};
    draw_slices();
    if (around) {
      draw_labels();
    } else {
      draw_legend_column(inner.br().x - legend);
    }
    return page_.canvas.take();
  }

 private:
  std::string label(std::size_t c) const { return chart_.categories[c] + " " + chart_.printed(0, c); }

  std::vector<std::string> legend_texts() const {
    std::vector<std::string> out;
    for (std::size_t c = 0; c < chart_.categories.size(); ++c)
      out.push_back(style_.values == Values::Readable ? label(c) : chart_.categories[c]);
    return out;
  }

  // Degrees at which slice c begins.
  double begin(std::size_t c) const {
    double percent = 0;
    for (std::size_t i = 0; i < c; ++i) percent += chart_.values[0][i].value();
    return percent * 3.6;
  }

  cv::Point2d at(double degrees, double radius) const {
    const double angle = degrees * CV_PI / 180;
    return {centre_.x + radius * std::sin(angle), centre_.y - radius * std::cos(angle)};
  }

  void draw_slices() {
    for (std::size_t c = 0; c < chart_.categories.size(); ++c)
      page_.canvas.sector(centre_, radius_, begin(c), begin(c + 1), style_.colours[c % style_.colours.size()]);
    for (std::size_t c = 0; c < chart_.categories.size(); ++c)
      page_.canvas.line(centre_, at(begin(c), radius_), {255, 255, 255}, 2);
  }

  // Outside, beside the middle of each slice; further out where a neighbour's label is in the way.
  void draw_labels() {
    for (std::size_t c = 0; c < chart_.categories.size(); ++c) {
      const double middle = (begin(c) + begin(c + 1)) / 2;
      const int width = page_.canvas.fonts().width(label(c), style_.label);
      std::vector<cv::Point> places;
      for (const double out : {1.1, 1.8, 2.6, 3.4, 1.1})
        for (const double turned : {0.0, 6.0, -6.0, 12.0, -12.0}) {
          const cv::Point2d edge = at(middle + turned, radius_ + out * style_.label.size);
          places.emplace_back(edge.x + std::sin((middle + turned) * CV_PI / 180) * width / 2, edge.y);
        }
      page_.canvas.text_where_free(label(c), places, style_.label);
    }
  }

  void draw_legend_column(int x) {
    const std::vector<std::string> texts = legend_texts();
    const int height = style_.label.size * 18 / 10, swatch = style_.label.size * 7 / 10;
    int y = static_cast<int>(centre_.y) - height * (static_cast<int>(texts.size()) - 1) / 2;
    for (std::size_t c = 0; c < texts.size(); ++c, y += height) {
      page_.canvas.rectangle(cv::Rect(x, y - swatch / 2, swatch, swatch), style_.colours[c % style_.colours.size()]);
      page_.canvas.text_at(texts[c], {x + swatch + style_.label.size / 2, y}, style_.label);
    }
    if (style_.values != Values::Marks) return;
    const TextStyle white{style_.label.family, style_.label.size, {255, 255, 255}, true};
    for (std::size_t c = 0; c < texts.size(); ++c)
      page_.canvas.text_at(chart_.printed(0, c), at((begin(c) + begin(c + 1)) / 2, radius_ * 0.75), white, Align::Centre);
  }

  const Chart& chart_;
  const ChartStyle& style_;
  ChartPage page_;
  cv::Point2d centre_;
  double radius_ = 0;
};

}  // namespace

Picture draw_pie(Fonts& fonts, const Chart& chart, const ChartStyle& style) {
  return Pie(fonts, chart, style).draw();
}

}  // namespace zlens::synth
