#include "synth/chart_style.h"

#include <algorithm>

namespace zlens::synth {
namespace {

constexpr int kMargin = 28;

// Colours of one picture can be told apart, and dark text on white stays darker than all of them.
constexpr std::array<std::array<int, 6>, 5> kPalettes = {{
    {0x4472C4, 0xED7D31, 0xA5A5A5, 0xFFC000, 0x5B9BD5, 0x70AD47},
    {0x1F77B4, 0xFF7F0E, 0x2CA02C, 0xD62728, 0x9467BD, 0x8C564B},
    {0x4C78A8, 0xF58518, 0x54A24B, 0xE45756, 0x72B7B2, 0xB279A2},
    {0x3366CC, 0xDC3912, 0xFF9900, 0x109618, 0x990099, 0x0099C6},
    {0x264653, 0x2A9D8F, 0xE9C46A, 0xF4A261, 0xE76F51, 0x8AB17D},
}};

std::string title_of(const Chart& chart, const ChartStyle& style) {
  const bool with_unit = style.unit_in_title && !chart.unit.empty() && chart.unit != "%";
  return chart.title + (with_unit ? " (" + chart.unit + ")" : "");
}

int line_height(const TextStyle& style) {
  return style.size * 14 / 10;
}

}  // namespace

ChartStyle draw_chart_style(Rng& rng, const PictureOptions& options) {
  ChartStyle style;
  style.size.width = static_cast<int>(rng.integer(680, 1000));
  style.size.height = static_cast<int>(rng.integer(480, 640));
  const Family& family = rng.pick(text_families(options.unseen_fonts));
  const auto& palette = rng.pick(kPalettes);
  std::transform(palette.begin(), palette.end(), style.colours.begin(), scalar_of);
  style.ink = scalar_of(rng.chance(0.5) ? 0x000000 : 0x333333);
  style.grid = scalar_of(0xD9D9D9);
  const int label = static_cast<int>(rng.integer(19, 23)), title = label + static_cast<int>(rng.integer(4, 9));
  style.title = {family, title, style.ink, rng.chance(0.5)};
  style.label = {family, label, style.ink, false};
  style.small = {family, label - 2, style.ink, false};
  style.values = options.values.value_or(Values::Readable);
  style.grid_lines = rng.chance(0.7) || style.values == Values::Off;
  style.unit_in_title = rng.chance(0.6);
  style.axis_name = rng.chance(0.6);
  style.lying = rng.chance(0.5);
  style.legend_values = rng.chance(0.5);
  style.framed = rng.chance(0.3);
  style.bar_share = 0.5 + 0.25 * rng.real();
  return style;
}

int widest(Fonts& fonts, const std::vector<std::string>& texts, const TextStyle& style) {
  int width = 0;
  for (const std::string& text : texts) width = std::max(width, fonts.width(text, style));
  return width;
}

ChartPage::ChartPage(Fonts& fonts, const Chart& chart, const ChartStyle& style, cv::Size least_inner)
    : canvas(fonts, {std::max(style.size.width, least_inner.width + 2 * kMargin), style.size.height}) {
  const int width = canvas.size().width - 2 * kMargin;
  const std::vector<std::string> title = wrapped(fonts, title_of(chart, style), style.title, width);
  std::vector<std::string> note;
  if (!chart.note.empty()) note = wrapped(fonts, chart.note, style.label, width);
  const int top = kMargin + line_height(style.title) * static_cast<int>(title.size()) + style.label.size / 2;
  const int below = note.empty() ? 0 : line_height(style.label) * static_cast<int>(note.size()) + style.label.size / 2;
  const int height = std::max(style.size.height - kMargin - top, least_inner.height);
  const cv::Size size(canvas.size().width, top + height + below + kMargin);
  canvas = Canvas(fonts, size);
  inner = cv::Rect(kMargin, top, width, height);
  for (std::size_t i = 0; i < title.size(); ++i)
    canvas.text(title[i], {size.width / 2, kMargin + line_height(style.title) * static_cast<int>(i) + style.title.size * 8 / 10},
                style.title, Align::Centre);
  for (std::size_t i = 0; i < note.size(); ++i)
    canvas.text(note[i], {kMargin, size.height - kMargin - line_height(style.label) * static_cast<int>(note.size() - 1 - i)},
                style.label);
  if (style.framed) {
    const cv::Point2d corners[] = {
        {0.5, 0.5}, {size.width - 1.5, 0.5}, {size.width - 1.5, size.height - 1.5}, {0.5, size.height - 1.5}};
    for (int i = 0; i < 4; ++i) canvas.line(corners[i], corners[(i + 1) % 4], style.grid);
  }
}

void draw_legend(ChartPage& page, const std::vector<std::string>& names, const ChartStyle& style) {
  const int swatch = style.label.size * 7 / 10, gap = style.label.size;
  int x = page.inner.x, y = page.inner.y + style.label.size / 2;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const int width = swatch + gap / 2 + page.canvas.fonts().width(names[i], style.label);
    if (x > page.inner.x && x + width > page.inner.br().x) {
      x = page.inner.x;
      y += line_height(style.label);
    }
    page.canvas.rectangle(cv::Rect(x, y - swatch / 2, swatch, swatch), style.colours[i % style.colours.size()]);
    page.canvas.text_at(names[i], {x + swatch + gap / 2, y}, style.label);
    x += width + gap * 3 / 2;
  }
  const int used = y + line_height(style.label) - page.inner.y;
  page.inner.y += used;
  page.inner.height -= used;
}

}  // namespace zlens::synth
