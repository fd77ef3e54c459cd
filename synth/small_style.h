// How one small picture looks.
#pragma once

#include <algorithm>

#include "synth/canvas.h"
#include "synth/painter.h"

namespace zlens::synth {

// Lengths are in units: 1/128 of the picture's shorter side, so that a picture reads alike once it is shrunk to 128 pixels.
struct SmallStyle {
  cv::Size size;  // pixels: 128 × 128, or each side 116 to 160
  double unit = 1;
  Family family;
  bool bold = false;
  cv::Scalar paper, ink;  // far apart in brightness

  int pixels(double units) const { return cvRound(units * unit); }
  TextStyle text(double units) const { return {family, std::max(7, pixels(units)), ink, bold}; }
  TextStyle inverse_text(double units) const { return {family, std::max(7, pixels(units)), paper, bold}; }
};

SmallStyle draw_small_style(Fonts& fonts, Rng& rng, const PictureOptions& options);

double brightness(const cv::Scalar& colour);  // 0 to 255

// The size, in units, at which `text` is `width` pixels wide.
double fitting_size(Fonts& fonts, std::string_view text, const SmallStyle& style, double width);

inline constexpr double kTextShare = 0.88;  // of the picture's width that text may take

// Where something of length `used` starts in `room`: anywhere but at the very edge.
int free_start(Rng& rng, int used, int room);

// One line of text, as large as it fits or down to half of that, anywhere: on a plate, underlined, framed or plain.
Picture draw_single(Fonts& fonts, std::string_view text, const SmallStyle& style, Rng& rng);

}  // namespace zlens::synth
