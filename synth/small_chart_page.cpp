#include "synth/small_chart_page.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "synth/draw_small.h"

namespace zlens::synth {
namespace {

constexpr double kLeastDistance = 95;  // of colours that are told apart
constexpr int kLeastPixels = 7;        // of an em
constexpr int kMargin = 3;             // units

cv::Scalar tint(Rng& rng, int low, int high) {
  cv::Scalar out;
  for (int c = 0; c < 3; ++c) out[c] = static_cast<double>(rng.integer(low, high));
  return out;
}

// Mostly dark on light, as charts are printed.
void draw_paper(SmallChartStyle& style, Rng& rng) {
  const double look = rng.real();
  style.look.paper = look < 0.5 ? tint(rng, 250, 255) : look < 0.8 ? tint(rng, 222, 255) : tint(rng, 12, 60);
  style.look.ink = look < 0.8 ? tint(rng, 0, 50) : tint(rng, 225, 255);
}

// In random order, but those that are far from all before them first.
std::vector<std::size_t> far_colours(const cv::Scalar& paper, Rng& rng) {
  const auto far = [](const cv::Scalar& a, const cv::Scalar& b) { return cv::norm(a - b) > kLeastDistance; };
  std::vector<std::size_t> all, out, rest;
  for (std::size_t i = 0; i < kColours.size(); ++i)
    if (far(scalar_of(kColours[i].rgb), paper)) all.push_back(i);
  rng.shuffle(all);
  for (const std::size_t colour : all) {
    const bool apart = std::all_of(out.begin(), out.end(), [&](std::size_t other) {
      return far(scalar_of(kColours[colour].rgb), scalar_of(kColours[other].rgb));
    });
    (apart ? out : rest).push_back(colour);
  }
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

TextStyle fitted(Fonts& fonts, const std::string& text, const SmallStyle& look, double size) {
  return fitting_row(fonts, {text}, look.text(size), 0, look.size.width - 2 * look.pixels(kMargin));
}

}  // namespace

TextStyle fitting_row(Fonts& fonts, const std::vector<std::string>& texts, TextStyle style, int between, int width) {
  const auto used = [&] {
    int sum = 0;
    for (const std::string& text : texts) sum += fonts.width(text, style) + between;
    return sum;
  };
  while (style.size > kLeastPixels && used() > width) --style.size;
  return style;
}

TextStyle fitting_each(Fonts& fonts, const std::vector<std::string>& texts, TextStyle style, int width) {
  for (const std::string& text : texts) style = fitting_row(fonts, {text}, style, 0, width);
  return style;
}

SmallChartStyle draw_small_chart_style(Fonts& fonts, const Chart& chart, Rng& rng, const PictureOptions& options) {
  SmallChartStyle style;
  style.look = draw_small_style(fonts, rng, options);
  style.look.bold = false;
  draw_paper(style, rng);
  style.label = style.look.text(rng.real(9.5, 11));
  SmallStyle title = style.look;
  title.bold = rng.chance(0.5);
  style.title = fitted(fonts, chart.title, title, rng.real(11, 13));
  style.colours = far_colours(style.look.paper, rng);
  const bool drawn = rng.chance(0.5);
  style.values = options.values ? *options.values != Values::Off : drawn;
  style.grid = rng.chance(0.6);
  style.each_bar = rng.chance(0.35);
  style.bar_share = chart.series.empty() ? rng.real(0.6, 0.85) : rng.real(0.75, 0.9);
  return style;
}

SmallChartPage::SmallChartPage(Fonts& fonts, const Chart& chart, const SmallChartStyle& chart_style, bool note_below)
    : style(chart_style), canvas(fonts, chart_style.look.size, chart_style.look.paper) {
  const int margin = style.pixels(kMargin);
  const cv::Size size = style.look.size;
  int top = margin, bottom = size.height - margin;
  if (!chart.title.empty()) {
    const int height = style.title.size * 12 / 10;
    canvas.text_at(chart.title, {size.width / 2, top + height / 2}, style.title, Align::Centre);
    top += height;
  }
  if (!chart.note.empty()) {
    const TextStyle note = fitted(fonts, chart.note, style.look, 12);
    const int height = note.size * 13 / 10;
    canvas.text_at(chart.note, {size.width / 2, note_below ? bottom - height / 2 : top + height / 2}, note, Align::Centre);
    note_below ? bottom -= height : top += height;
  }
  inner = {margin, top, size.width - 2 * margin, bottom - top};
}

void SmallChartPage::fill(const std::vector<cv::Point2d>& outline, std::size_t colour) {
  const std::size_t named = style.colours[colour % style.colours.size()];
  canvas.polygon(outline, scalar_of(kColours[named].rgb));
  canvas.mark(static_cast<int>(named), {outline.begin(), outline.end()});
}

void SmallChartPage::bar(cv::Rect2d box, std::size_t colour) {
  fill({{box.x, box.y}, {box.x + box.width, box.y}, {box.x + box.width, box.y + box.height}, {box.x, box.y + box.height}}, colour);
}

void SmallChartPage::mark_text_value(Decimal value) {
  const int around = style.pixels(2);
  const cv::Rect box = canvas.last_text();
  canvas.mark_value(value.value(), cv::Rect2d(box.x - around, box.y - around, box.width + 2 * around, box.height + 2 * around));
}

void SmallChartPage::legend(const std::vector<std::string>& names) {
  const int swatch = style.pixels(7), gap = style.pixels(3), height = style.label.size * 12 / 10;
  const int between = swatch + 3 * gap;  // the last one has 2 · gap too many
  const TextStyle text = fitting_row(canvas.fonts(), names, style.label, between, inner.width + 2 * gap);
  int width = -2 * gap;
  for (const std::string& name : names) width += canvas.fonts().width(name, text) + between;
  int x = inner.x + std::max(0, (inner.width - width) / 2);
  const int y = inner.y + height / 2;
  for (std::size_t i = 0; i < names.size(); ++i) {
    bar(cv::Rect2d(x, y - swatch / 2.0, swatch, swatch), i);
    canvas.text_at(names[i], {x + swatch + gap, y}, text);
    x += canvas.fonts().width(names[i], text) + between;
  }
  inner.y += height;
  inner.height -= height;
}

Picture draw_small_chart(Fonts& fonts, const SmallChart& chart, Rng& rng, const PictureOptions& options) {
  const SmallChartStyle style = draw_small_chart_style(fonts, chart.chart, rng, options);
  return chart.chart.kind == ChartKind::Pie ? draw_small_pie(fonts, chart.chart, style, rng)
                                            : draw_small_axes(fonts, chart.chart, style, rng);
}

}  // namespace zlens::synth
