// Charts with axes: bars that stand or lie, and lines.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "synth/chart_style.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

constexpr int kTickLength = 5;

int row_height(const ChartStyle& style) {
  return style.label.size * 16 / 10;
}

std::vector<std::string> tick_texts(const Chart& chart, const Axis& axis) {
  std::vector<std::string> out;
  for (const Decimal tick : axis.ticks) out.push_back(tick.text() + (chart.unit == "%" ? "%" : ""));
  return out;
}

std::vector<std::string> all_values(const Chart& chart) {
  std::vector<std::string> out;
  for (std::size_t s = 0; s < chart.values.size(); ++s)
    for (std::size_t c = 0; c < chart.categories.size(); ++c) out.push_back(chart.printed(s, c));
  return out;
}

bool unit_above_axis(const Chart& chart, const ChartStyle& style) {
  return !style.unit_in_title && !chart.unit.empty() && chart.unit != "%";
}

// A chart whose values go up.
class Standing {
 public:
  Standing(Fonts& fonts, const Chart& chart, const ChartStyle& style)
      : chart_(chart), style_(style), axis_(value_axis(chart)), page_(fonts, chart, style, {least_width(fonts), 0}) {}

  Picture draw() {
    if (!chart_.series.empty() && !table()) draw_legend(page_, chart_.series, style_);
    place();
    draw_value_axis();
    if (chart_.kind == ChartKind::Line) {
      draw_lines();
    } else {
      draw_bars();
    }
    page_.canvas.line(cv::Point(plot_.x, plot_.br().y), plot_.br(), style_.ink);
    draw_categories();
    return page_.canvas.take();
  }

 private:
  bool table() const { return style_.values == Values::Readable; }
  int swatch() const { return style_.label.size * 6 / 10; }

  // Of what stands left of the axis: ticks, and in a table the series' names with their colours.
  int left_width(Fonts& fonts) const {
    int width = widest(fonts, tick_texts(chart_, axis_), style_.small) + kTickLength;
    if (table() && !chart_.series.empty())
      width = std::max(width, widest(fonts, chart_.series, style_.label) + swatch() + style_.label.size / 2);
    return width + style_.label.size / 2;
  }

  int least_width(Fonts& fonts) const {
    const int gap = style_.label.size;
    int slot = std::max(widest(fonts, chart_.categories, style_.label), widest(fonts, all_values(chart_), style_.label)) + gap;
    if (style_.values == Values::Marks && chart_.kind == ChartKind::GroupedBar) {
      const double bars = static_cast<double>(chart_.values.size()) / style_.bar_share;
      slot = std::max(slot, static_cast<int>(bars * (widest(fonts, all_values(chart_), style_.small) + gap / 2)));
    }
    return left_width(fonts) + slot * static_cast<int>(chart_.categories.size());
  }

  void place() {
    const cv::Rect& inner = page_.inner;
    const int rows = 1 + (table() ? static_cast<int>(chart_.values.size()) : 0) + (style_.axis_name ? 1 : 0);
    const int left = left_width(page_.canvas.fonts());
    const int top = unit_above_axis(chart_, style_) ? row_height(style_) * 3 / 2 : row_height(style_) / 2;
    plot_ = {inner.x + left, inner.y + top, inner.width - left, inner.height - top - rows * row_height(style_)};
  }

  double slot() const { return plot_.width / static_cast<double>(chart_.categories.size()); }
  double centre(std::size_t c) const { return plot_.x + (static_cast<double>(c) + 0.5) * slot(); }
  double height(Decimal value) const { return plot_.br().y - value.value() / axis_.top * plot_.height; }
  cv::Scalar colour(std::size_t s) const { return style_.colours[s % style_.colours.size()]; }

  void draw_value_axis() {
    const std::vector<std::string> texts = tick_texts(chart_, axis_);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const double y = std::round(height(axis_.ticks[i])) + 0.5;
      if (style_.grid_lines && i > 0) page_.canvas.line({double(plot_.x), y}, {double(plot_.br().x), y}, style_.grid);
      page_.canvas.text_at(texts[i], {plot_.x - kTickLength - style_.label.size / 3, static_cast<int>(y)}, style_.small,
                           Align::Right);
    }
    if (unit_above_axis(chart_, style_))
      page_.canvas.text_at(chart_.unit, {page_.inner.x, page_.inner.y + row_height(style_) / 3}, style_.small);
  }

  void draw_bars() {
    const std::size_t series = chart_.values.size();
    const double width = slot() * style_.bar_share / static_cast<double>(series);
    for (std::size_t c = 0; c < chart_.categories.size(); ++c) {
      for (std::size_t s = 0; s < series; ++s) {
        const double x = centre(c) - slot() * style_.bar_share / 2 + width * static_cast<double>(s),
                     y = height(chart_.values[s][c]);
        page_.canvas.rectangle({x, y, width * (series > 1 ? 0.95 : 1), plot_.br().y - y}, colour(s));
        if (style_.values == Values::Marks)
          page_.canvas.text_at(chart_.printed(s, c), cv::Point2d(x + width / 2, y - style_.small.size * 0.6), style_.small,
                               Align::Centre);
      }
    }
  }

  void draw_lines() {
    for (std::size_t s = 0; s < chart_.values.size(); ++s) {
      std::vector<cv::Point2d> points;
      for (std::size_t c = 0; c < chart_.categories.size(); ++c) points.emplace_back(centre(c), height(chart_.values[s][c]));
      page_.canvas.polyline(points, colour(s), 3);
      for (const cv::Point2d point : points) page_.canvas.disc(point, 5, colour(s));
    }
    for (std::size_t c = 0; style_.values == Values::Marks && c < chart_.categories.size(); ++c) label_points(c);
  }

  // From the highest line down, so that labels stand in the order of their lines.
  void label_points(std::size_t c) {
    std::vector<std::size_t> order(chart_.values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return chart_.values[b][c] < chart_.values[a][c]; });
    for (const std::size_t s : order) {
      const bool below = order.size() > 1 ? s == order.back() : valley(c);
      page_.canvas.text_where_free(chart_.printed(s, c), beside({centre(c), height(chart_.values[s][c])}, below ? 1 : -1),
                                   style_.small);
    }
  }

  // Both neighbours of the only line's point are higher.
  bool valley(std::size_t c) const {
    const auto& row = chart_.values[0];
    return (c == 0 || row[c] < row[c - 1]) && (c + 1 == row.size() || row[c] < row[c + 1]);
  }

  // On one side (1: below), on the other, then further away and aside.
  std::vector<cv::Point> beside(cv::Point2d point, int first_side) const {
    std::vector<cv::Point> out;
    for (const double distance : {1.0, 1.8, 2.6, 3.4})
      for (const int side : {first_side, -first_side})
        for (const double aside : {0.0, -1.6, 1.6}) {
          const cv::Point at(point.x + aside * style_.small.size, point.y + side * distance * style_.small.size);
          if (at.y < plot_.br().y - style_.small.size / 2) out.push_back(at);
        }
    return out;
  }

  void draw_categories() {
    int y = plot_.br().y + row_height(style_) * 6 / 10;
    for (std::size_t c = 0; c < chart_.categories.size(); ++c)
      page_.canvas.text_at(chart_.categories[c], cv::Point2d(centre(c), y), style_.label, Align::Centre);
    for (std::size_t s = 0; table() && s < chart_.values.size(); ++s) {
      const double line = y + row_height(style_) / 2 + 0.5;
      page_.canvas.line({double(page_.inner.x), line}, {double(plot_.br().x), line}, style_.grid);
      y += row_height(style_);
      if (!chart_.series.empty()) {
        page_.canvas.rectangle(cv::Rect(page_.inner.x, y - swatch() / 2, swatch(), swatch()), colour(s));
        page_.canvas.text_at(chart_.series[s], {page_.inner.x + swatch() + style_.label.size / 2, y}, style_.label);
      }
      for (std::size_t c = 0; c < chart_.categories.size(); ++c)
        page_.canvas.text_at(chart_.printed(s, c), cv::Point2d(centre(c), y), style_.label, Align::Centre);
    }
    if (style_.axis_name)
      page_.canvas.text_at(capitalized(chart_.category_noun), {plot_.x + plot_.width / 2, y + row_height(style_)}, style_.label,
                           Align::Centre);
  }

  const Chart& chart_;
  const ChartStyle& style_;
  Axis axis_;
  ChartPage page_;
  cv::Rect plot_;
};

// A chart whose values go to the right.
class Lying {
 public:
  Lying(Fonts& fonts, const Chart& chart, const ChartStyle& style)
      : chart_(chart), style_(style), axis_(value_axis(chart)), page_(fonts, chart, style, {0, least_height()}) {}

  Picture draw() {
    if (!chart_.series.empty()) draw_legend(page_, chart_.series, style_);
    Fonts& fonts = page_.canvas.fonts();
    const int left = widest(fonts, chart_.categories, style_.label) + style_.label.size / 2;
    const int right = widest(fonts, all_values(chart_), style_.label) + style_.label.size;
    const int below = row_height(style_) * (unit_above_axis(chart_, style_) ? 2 : 1);
    plot_ = {page_.inner.x + left, page_.inner.y, page_.inner.width - left - right, page_.inner.height - below};
    draw_value_axis();
    draw_bars();
    page_.canvas.line({double(plot_.x), double(plot_.y)}, {double(plot_.x), double(plot_.br().y)}, style_.ink);
    return page_.canvas.take();
  }

 private:
  // A line of text for every bar.
  int least_height() const {
    const double bars = static_cast<double>(chart_.categories.size() * chart_.values.size()) / style_.bar_share;
    return static_cast<int>(bars * style_.label.size * 1.1) + 4 * row_height(style_);
  }

  double length(Decimal value) const { return value.value() / axis_.top * plot_.width; }

  void draw_value_axis() {
    std::vector<std::string> texts = tick_texts(chart_, axis_);
    const int y = plot_.br().y + row_height(style_) * 6 / 10;
    const double step = length(axis_.ticks[1]);
    // Where they would touch, every second.
    const std::size_t every = widest(page_.canvas.fonts(), texts, style_.small) + style_.small.size / 2 > step ? 2 : 1;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const double x = std::round(plot_.x + length(axis_.ticks[i])) + 0.5;
      if (style_.grid_lines && i > 0) page_.canvas.line({x, double(plot_.y)}, {x, double(plot_.br().y)}, style_.grid);
      if (i % every == 0) page_.canvas.text_at(texts[i], cv::Point2d(x, y), style_.small, Align::Centre);
    }
    if (unit_above_axis(chart_, style_))
      page_.canvas.text_at(chart_.unit, {plot_.x + plot_.width / 2, y + row_height(style_)}, style_.small, Align::Centre);
  }

  void draw_bars() {
    const std::size_t series = chart_.values.size();
    const double slot = plot_.height / static_cast<double>(chart_.categories.size());
    const double height = slot * style_.bar_share / static_cast<double>(series);
    for (std::size_t c = 0; c < chart_.categories.size(); ++c) {
      const double middle = plot_.y + (static_cast<double>(c) + 0.5) * slot;
      page_.canvas.text_at(chart_.categories[c], cv::Point2d(plot_.x - style_.label.size / 2, middle), style_.label, Align::Right);
      for (std::size_t s = 0; s < series; ++s) {
        const double y = middle - slot * style_.bar_share / 2 + height * static_cast<double>(s), x = length(chart_.values[s][c]);
        page_.canvas.rectangle({double(plot_.x), y, x, height * (series > 1 ? 0.95 : 1)}, style_.colours[s]);
        if (style_.values != Values::Off)
          page_.canvas.text_at(chart_.printed(s, c), cv::Point2d(plot_.x + x + style_.label.size / 3, y + height / 2),
                               style_.label);
      }
    }
  }

  const Chart& chart_;
  const ChartStyle& style_;
  Axis axis_;
  ChartPage page_;
  cv::Rect plot_;
};

}  // namespace

Picture draw_standing(Fonts& fonts, const Chart& chart, const ChartStyle& style) {
  return Standing(fonts, chart, style).draw();
}

Picture draw_lying(Fonts& fonts, const Chart& chart, const ChartStyle& style) {
  return Lying(fonts, chart, style).draw();
}

}  // namespace zlens::synth
