// Small charts with axes: bars that stand or lie, and lines.
#include <algorithm>
#include <cmath>

#include "synth/chart_style.h"
#include "synth/small_chart_page.h"

namespace zlens::synth {
namespace {

class SmallAxes {
 public:
  SmallAxes(Fonts& fonts, const Chart& chart, const SmallChartStyle& style, Rng& rng)
      : chart_(chart), style_(style), axis_(value_axis(chart)), page_(fonts, chart, style, rng.chance(0.5)) {
    if (!chart.series.empty()) page_.legend(chart.series);
    const bool lies = rng.chance(0.35);
    lying_ = chart.kind != ChartKind::Line && (lies || !names_fit(standing_plot().width));
  }

  Picture draw() {
    plot_ = lying_ ? lying_plot() : standing_plot();
    draw_value_axis();
    if (chart_.kind == ChartKind::Line) {
      draw_lines();
    } else {
      draw_bars();
    }
    const cv::Point2d corner(plot_.x, plot_.y + plot_.height);
    page_.canvas.line(corner, lying_ ? cv::Point2d(plot_.x, plot_.y) : cv::Point2d(plot_.x + plot_.width, corner.y),
                      style_.look.ink);
    draw_names();
    return page_.canvas.take();
  }

 private:
  Fonts& fonts() { return page_.canvas.fonts(); }
  int row_height() const { return style_.label.size * 12 / 10; }
  int gap() const { return style_.pixels(2.5); }

  std::vector<std::string> ticks() const {
    std::vector<std::string> out;
    for (const Decimal tick : axis_.ticks) out.push_back(tick.text());
    return out;
  }
  int widest_value() {
    int width = 0;
    for (std::size_t s = 0; s < chart_.values.size(); ++s)
      for (std::size_t c = 0; c < chart_.categories.size(); ++c)
        width = std::max(width, fonts().width(chart_.printed(s, c), style_.label));
    return width;
  }

  bool names_fit(double width) {
    const int widest_name = widest(fonts(), chart_.categories, style_.label);
    const double slot = width / static_cast<double>(chart_.categories.size());
    const double bar = slot * style_.bar_share / static_cast<double>(chart_.values.size());
    return widest_name + gap() < slot && (!style_.values || chart_.values.size() == 1 || widest_value() <= bar);
  }

  cv::Rect2d standing_plot() {
    const cv::Rect& inner = page_.inner;
    const int left = widest(fonts(), ticks(), style_.label) + gap() + 1;
    const int top = style_.values ? row_height() : row_height() / 2;
    return cv::Rect2d(inner.x + left, inner.y + top, inner.width - left, inner.height - top - row_height());
  }

  cv::Rect2d lying_plot() {
    const cv::Rect& inner = page_.inner;
    const int left = widest(fonts(), chart_.categories, style_.label) + gap();
    const int last = fonts().width(axis_.ticks.back().text(), style_.label) / 2 + 1;
    const int right = style_.values ? std::max(last, widest_value() + gap()) : last;
    return cv::Rect2d(inner.x + left, inner.y + 1, inner.width - left - right, inner.height - 1 - row_height());
  }

  double slot() const { return (lying_ ? plot_.height : plot_.width) / static_cast<double>(chart_.categories.size()); }
  double centre(std::size_t c) const { return (lying_ ? plot_.y : plot_.x) + (static_cast<double>(c) + 0.5) * slot(); }
  double share(Decimal value) const { return value.value() / axis_.top; }
  double height(Decimal value) const { return plot_.y + plot_.height * (1 - share(value)); }
  double right(Decimal value) const { return plot_.x + plot_.width * share(value); }

  // Every tick has a mark, or a line across the plot; where their numbers would touch, every second or fourth has one.
  void draw_value_axis() {
    const std::vector<std::string> texts = ticks();
    const double step = (lying_ ? plot_.width : plot_.height) * share(axis_.ticks[1]);
    const double needed = lying_ ? widest(fonts(), texts, style_.label) + 2 * gap() : row_height() * 0.95;
    std::size_t every = 1;
    while (step * static_cast<double>(every) < needed && every < texts.size()) every *= 2;
    const cv::Scalar faint = style_.look.paper * 0.8 + style_.look.ink * 0.2;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const double at = std::floor(lying_ ? right(axis_.ticks[i]) : height(axis_.ticks[i])) + 0.5;
      const cv::Point2d from = lying_ ? cv::Point2d(at, plot_.y + plot_.height) : cv::Point2d(plot_.x, at);
      const double length = style_.grid ? (lying_ ? plot_.height : plot_.width) : style_.pixels(2);
      const cv::Point2d to = lying_ ? cv::Point2d(at, plot_.y + plot_.height - length) : cv::Point2d(plot_.x + length, at);
      if (i > 0) page_.canvas.line(from, to, style_.grid ? faint : style_.look.ink);
      if (i % every) continue;
      if (lying_) {
        page_.canvas.text_at(texts[i], cv::Point2d(at, plot_.y + plot_.height + row_height() * 0.55), style_.label, Align::Centre);
      } else {
        page_.canvas.text_at(texts[i], cv::Point2d(plot_.x - gap(), at), style_.label, Align::Right);
      }
    }
  }

  void draw_bars() {
    const auto series = static_cast<double>(chart_.values.size());
    const double width = slot() * style_.bar_share / series;
    for (std::size_t c = 0; c < chart_.categories.size(); ++c)
      for (std::size_t s = 0; s < chart_.values.size(); ++s) {
        const Decimal value = chart_.values[s][c];
        const double from = centre(c) - slot() * style_.bar_share / 2 + width * static_cast<double>(s);
        const std::size_t colour = chart_.values.size() == 1 && style_.each_bar ? c : s;
        const cv::Rect2d box = lying_ ? cv::Rect2d(plot_.x, from, right(value) - plot_.x, width)
                                      : cv::Rect2d(from, height(value), width, plot_.y + plot_.height - height(value));
        page_.bar(box, colour);
        page_.canvas.mark_value(value.value(), box);
        if (!style_.values) continue;
        draw_value(chart_.printed(s, c), box);
        page_.mark_text_value(value);
      }
  }

  void draw_value(const std::string& text, cv::Rect2d bar) {
    if (lying_) {
      TextStyle low = style_.label;  // as high as the bar
      low.size = std::min(low.size, std::max(7, static_cast<int>((bar.height - 1) / 0.75)));
      page_.canvas.text_at(text, cv::Point2d(bar.x + bar.width + gap(), bar.y + bar.height / 2), low);
    } else {
      page_.canvas.text_at(text, cv::Point2d(bar.x + bar.width / 2, bar.y - row_height() * 0.45), style_.label, Align::Centre);
    }
  }

  void draw_lines() {
    const double half = style_.pixels(1) * 0.8, radius = style_.pixels(2.3);
    for (std::size_t s = 0; s < chart_.values.size(); ++s)
      for (std::size_t c = 0; c < chart_.categories.size(); ++c) {
        const cv::Point2d at(centre(c), height(chart_.values[s][c]));
        if (c + 1 < chart_.categories.size()) stroke(at, {centre(c + 1), height(chart_.values[s][c + 1])}, half, s);
        page_.bar({at.x - radius, at.y - radius, 2 * radius, 2 * radius}, s);
        page_.canvas.mark_value(chart_.values[s][c].value(),
                                cv::Rect2d(at.x - 2 * radius, at.y - 2 * radius, 4 * radius, 4 * radius));
      }
    for (std::size_t c = 0; style_.values && c < chart_.categories.size(); ++c)
      for (std::size_t s = 0; s < chart_.values.size(); ++s) label_point(s, c);
  }

  void stroke(cv::Point2d from, cv::Point2d to, double half, std::size_t colour) {
    const cv::Point2d along = to - from, aside = cv::Point2d(-along.y, along.x) * (half / std::hypot(along.x, along.y));
    page_.fill({from + aside, to + aside, to - aside, from - aside}, colour);
  }

  // Above the higher line's point and below the lower one's; further away where another text is in the way.
  void label_point(std::size_t s, std::size_t c) {
    bool below = false;
    for (const auto& other : chart_.values) below = below || chart_.values[s][c] < other[c];
    const double x = centre(c), y = height(chart_.values[s][c]);
    std::vector<cv::Point> places;
    for (const double distance : {0.85, 1.5, 2.2, 3.0})
      for (const double side : {below ? 1.0 : -1.0, below ? -1.0 : 1.0})
        for (const double aside : {0.0, -0.8, 0.8, -1.6, 1.6}) {
          const cv::Point at(cvRound(x + aside * style_.label.size), cvRound(y + side * distance * style_.label.size));
          if (at.y < plot_.y + plot_.height - style_.label.size / 2) places.push_back(at);
        }
    page_.canvas.text_where_free(chart_.printed(s, c), places, style_.label);
    page_.mark_text_value(chart_.values[s][c]);
  }

  void draw_names() {
    const TextStyle text =
        lying_ ? style_.label : fitting_each(fonts(), chart_.categories, style_.label, static_cast<int>(slot()) - 2);
    for (std::size_t c = 0; c < chart_.categories.size(); ++c) {
      if (lying_) {
        page_.canvas.text_at(chart_.categories[c], cv::Point2d(plot_.x - gap(), centre(c)), text, Align::Right);
      } else {
        page_.canvas.text_at(chart_.categories[c], cv::Point2d(centre(c), plot_.y + plot_.height + row_height() * 0.55), text,
                             Align::Centre);
      }
      if (chart_.values.size() == 1) page_.mark_text_value(chart_.values[0][c]);
    }
  }

  const Chart& chart_;
  const SmallChartStyle& style_;
  Axis axis_;
  SmallChartPage page_;
  bool lying_ = false;
  cv::Rect2d plot_;
};

}  // namespace

Picture draw_small_axes(Fonts& fonts, const Chart& chart, const SmallChartStyle& style, Rng& rng) {
  return SmallAxes(fonts, chart, style, rng).draw();
}

}  // namespace zlens::synth
