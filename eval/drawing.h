// What all drawings share: colours that follow the reader's light or dark scheme, numbers, text, axes. A drawing is an <svg>
// element that needs nothing else; its units are about the pixels of a screen, its text is 12 of them high.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zlens {

// The styles; page_head includes them. Classes c0..c5 set the colour of what is inside.
std::string_view drawing_style();
inline constexpr int kDrawingColors = 6;

// "<svg …>" to "</svg>" around `body`. `label` is for readers who hear the page.
std::string drawing(double width, double height, std::string_view label, std::string_view body);

// A drawing as a file of its own.
std::string svg_file(std::string_view drawing);

enum class Anchor { Start, Middle, End };
struct TextAt {
  double x = 0, y = 0;  // of the baseline
  Anchor anchor = Anchor::Start;
  const char* style = "";  // classes
  double turned = 0;       // degrees around x, y
};
std::string svg_text(const TextAt& at, std::string_view text);

// A straight line of class `style`.
std::string svg_line(double x1, double y1, double x2, double y2, std::string_view style);

// Two decimals at most, never in exponent form. `value` must be finite.
std::string svg_number(double value);

// At most `count` code points; what is cut becomes an ellipsis.
std::string shortened(std::string_view text, std::size_t count);

// A text's approximate width: browsers' fonts are not known here.
double text_width(std::string_view text);

// Round values at equal steps, about `count` of them: from the last at or below `low` to the first at or above `high`. The step is
// 1, 2 or 5 times a power of ten and at least `least_step`. low <= high, both at most 1e30 in magnitude.
std::vector<double> nice_ticks(double low, double high, int count, double least_step = 0);

// A tick's shortest text that tells it from its neighbours `step` away.
std::string tick_text(double value, double step);

}  // namespace zlens
