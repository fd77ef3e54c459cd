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

void frame(Canvas& canvas, cv::Rect box, cv::Scalar colour) {
  const double x = box.x + 0.5, y = box.y + 0.5, right = box.x + box.width - 0.5, below = box.y + box.height - 0.5;
  canvas.polyline({{x, y}, {right, y}, {right, below}, {x, below}, {x, y}}, colour, 1);
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

int free_start(Rng& rng, int used, int room) {
  const int margin = std::max(1, std::min(room / 20, (room - used) / 2));
  return used + 2 * margin >= room ? (room - used) / 2 : static_cast<int>(rng.integer(margin, room - used - margin));
}

Picture draw_single(Fonts& fonts, std::string_view text, const SmallStyle& style, Rng& rng) {
  const double fits = fitting_size(fonts, text, style, kTextShare * style.size.width);
  const double size = std::min(fits, std::max(12.0, rng.real(0.5 * std::min(fits, 46.0), std::min(fits, 46.0))));
  const double look = rng.real();
  const bool plate = look < 0.2;
  const TextStyle letters = plate ? style.inverse_text(size) : style.text(size);
  Canvas canvas(fonts, style.size, style.paper);
  const int width = fonts.width(text, letters), height = letters.size * 12 / 10, pad = std::max(2, letters.size / 5);
  const cv::Rect box(free_start(rng, width, style.size.width), free_start(rng, height, style.size.height), width, height);
  const cv::Rect around(box.x - pad, box.y - pad / 2, box.width + 2 * pad, box.height + pad);
  if (plate) canvas.rectangle(around, style.ink);
  const int baseline = box.y + height / 2 + fonts.capital_height(letters) / 2;
  canvas.text(text, {box.x, baseline}, letters);
  if (look >= 0.2 && look < 0.3) frame(canvas, around, style.ink);
  if (look >= 0.3 && look < 0.4) {
    const double line = std::round(baseline + letters.size * 0.32) + 0.5;
    canvas.line({double(box.x), line}, {double(box.br().x), line}, style.ink, std::max(1, letters.size / 16));
  }
  return canvas.take();
}

}  // namespace zlens::synth
