#include "synth/small_style.h"

#include <algorithm>
#include <cmath>

namespace zlens::synth {
namespace {

constexpr double kLeastContrast = 115;  // of brightness, before paper and light take some away

cv::Scalar any_colour(Rng& rng, int low, int high) {
  cv::Scalar out;
  for (int c = 0; c < 3; ++c) out[c] = static_cast<double>(rng.integer(low, high));
  return out;
}

cv::Scalar any_grey(Rng& rng, int low, int high) {
  return cv::Scalar::all(static_cast<double>(rng.integer(low, high)));
}

// Black on white, dark on a tint, light on dark, or any two colours.
void draw_colours(SmallStyle& style, Rng& rng) {
  const double look = rng.real();
  do {
    style.paper = look < 0.35  ? any_grey(rng, 240, 255)
                  : look < 0.6 ? any_colour(rng, 195, 255)
                               : any_colour(rng, 0, look < 0.8 ? 90 : 255);
    style.ink = look < 0.35  ? any_grey(rng, 0, 50)
                : look < 0.6 ? any_colour(rng, 0, 120)
                             : any_colour(rng, look < 0.8 ? 190 : 0, 255);
  } while (std::abs(brightness(style.paper) - brightness(style.ink)) < kLeastContrast);
}

const Family& draw_family(Fonts& fonts, Rng& rng, const PictureOptions& options) {
  const auto text = text_families(options.unseen_fonts), fixed = fixed_families(options.unseen_fonts);
  const std::size_t more = options.installed_fonts && !options.unseen_fonts ? fonts.installed().size() : 0;
  const auto drawn = static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(text.size() + fixed.size() + more) - 1));
  if (drawn < text.size()) return text[drawn];
  return drawn < text.size() + fixed.size() ? fixed[drawn - text.size()] : fonts.installed()[drawn - text.size() - fixed.size()];
}

}  // namespace

SmallStyle draw_small_style(Fonts& fonts, Rng& rng, const PictureOptions& options) {
  SmallStyle style;
  style.size = {128, 128};
  if (rng.chance(0.4)) style.size = {static_cast<int>(rng.integer(116, 160)), static_cast<int>(rng.integer(116, 160))};
  style.unit = std::min(style.size.width, style.size.height) / 128.0;
  style.family = draw_family(fonts, rng, options);
  style.bold = rng.chance(0.25);
  draw_colours(style, rng);
  return style;
}

double brightness(const cv::Scalar& colour) {
  return 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2];
}

double fitting_size(Fonts& fonts, std::string_view text, const SmallStyle& style, double width) {
  constexpr int kProbe = 32;
  const int probed = fonts.width(text, {style.family, kProbe, style.ink, style.bold});
  return width / std::max(1, probed) * kProbe / style.unit;
}

}  // namespace zlens::synth
