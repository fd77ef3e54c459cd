#include <algorithm>

#include "synth/draw_small.h"
#include "synth/small_style.h"

namespace zlens::synth {
namespace {

// Operands under one another at the right, a line below, where the result would stand nothing or a question mark.
Picture draw_column(Fonts& fonts, const SmallExercise& exercise, const SmallStyle& style, Rng& rng) {
  const std::vector<std::string>& rows = exercise.column;
  double fits = 0.7 * style.size.height / style.unit / 3.2;  // two operands, the line and the result
  for (const std::string& row : rows) fits = std::min(fits, fitting_size(fonts, row, style, 0.8 * style.size.width));
  const TextStyle text = style.text(fits * (0.55 + 0.45 * rng.real()));
  const int row = text.size * 12 / 10, margin = style.pixels(8);
  int width = 0;
  for (const std::string& one : rows) width = std::max(width, fonts.width(one, text));
  const int right = static_cast<int>(rng.integer(std::min(margin + width, style.size.width - margin), style.size.width - margin));
  const int top =
      static_cast<int>(rng.integer(std::min(margin, style.size.height - margin - 3 * row), style.size.height - margin - 3 * row));
  Canvas canvas(fonts, style.size, style.paper);
  int y = top + row / 2;
  for (const std::string& one : rows) {
    canvas.text_at(one, {right, y}, text, Align::Right);
    y += row;
  }
  const double line = y - row * 0.42;
  canvas.line({double(right - width - text.size / 6), line}, {double(right + text.size / 6), line}, style.ink,
              std::max(1, text.size / 14));
  if (rng.chance(0.3)) canvas.text_at("?", {right, y + row / 10}, text, Align::Right);
  return canvas.take();
}

}  // namespace

Picture draw_small_exercise(Fonts& fonts, const SmallExercise& exercise, Rng& rng, const PictureOptions& options) {
  const SmallStyle style = draw_small_style(fonts, rng, options);
  if (!exercise.column.empty() && rng.chance(0.35)) return draw_column(fonts, exercise, style, rng);
  return draw_single(fonts, exercise.shown, style, rng);
}

}  // namespace zlens::synth
