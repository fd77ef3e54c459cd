// What all small charts have: paper, title, note, legend, colours.
#pragma once

#include <string>
#include <vector>

#include "synth/chart.h"
#include "synth/small_style.h"

namespace zlens::synth {

struct SmallChartStyle {
  SmallStyle look;                   // light or dark paper
  TextStyle title, label;            // 11 to 13 and 9.5 to 11 units where there is room
  std::vector<std::size_t> colours;  // of kColours, all far from the paper: of series, slices or bars
  bool values = false;               // are printed
  bool grid = true;
  bool each_bar = false;  // one series: every bar has a colour of its own
  double bar_share = 0.7;

  int pixels(double units) const { return look.pixels(units); }
};

// `style` at the largest size, down to 7 pixels, at which `texts` with `between` pixels after each are `width` pixels wide.
TextStyle fitting_row(Fonts& fonts, const std::vector<std::string>& texts, TextStyle style, int between, int width);
// The same for the widest of them alone.
TextStyle fitting_each(Fonts& fonts, const std::vector<std::string>& texts, TextStyle style, int width);

SmallChartStyle draw_small_chart_style(Fonts& fonts, const Chart& chart, Rng& rng, const PictureOptions& options);

// A canvas with the title at the top and the note below it or at the bottom; `inner` is left.
struct SmallChartPage {
  SmallChartPage(Fonts& fonts, const Chart& chart, const SmallChartStyle& style, bool note_below);

  // Fills `outline` with one of the style's colours, and marks it as such.
  void fill(const std::vector<cv::Point2d>& outline, std::size_t colour);
  void bar(cv::Rect2d box, std::size_t colour);
  // The text that was drawn last, and a little around it, shows or names `value`.
  void mark_text_value(Decimal value);
  // A row of colours and names at the top of `inner`, which it shortens.
  void legend(const std::vector<std::string>& names);

  const SmallChartStyle& style;
  Canvas canvas;
  cv::Rect inner;
};

Picture draw_small_axes(Fonts& fonts, const Chart& chart, const SmallChartStyle& style, Rng& rng);  // bars, lines
Picture draw_small_pie(Fonts& fonts, const Chart& chart, const SmallChartStyle& style, Rng& rng);

}  // namespace zlens::synth
