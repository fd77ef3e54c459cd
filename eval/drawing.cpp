#include "eval/drawing.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "eval/report_page.h"
#include "eval/texts.h"
#include "io/utf8.h"

namespace zlens {
namespace {

constexpr std::string_view kStyle = R"css(
.drawing { display: block; width: 100%; height: auto; font: 12px system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
  --d-ink: #1b1f24; --d-soft: #626b78; --d-line: #e3e7ec; --d-on: #fff; --d-c0: #2f5fd0; --d-c1: #c2570c; --d-c2: #1a7f4b; --d-c3: #8a3fa8;
  --d-c4: #b3266b; --d-c5: #00788a; }
@media (prefers-color-scheme: dark) { .drawing { --d-ink: #e6e9ed; --d-soft: #9aa4b1; --d-line: #2e343c; --d-on: #10131a; --d-c0: #86a8ff;
  --d-c1: #f0a05a; --d-c2: #52c98a; --d-c3: #c393f2; --d-c4: #f486b4; --d-c5: #58c7d8; } }
.drawing text { fill: var(--d-soft); font-variant-numeric: tabular-nums; }
.drawing text.ink { fill: var(--d-ink); } .drawing text.on { fill: var(--d-on); } .drawing text.strong { font-weight: 600; }
.drawing text.small { font-size: 10.5px; } .drawing text.small { fill-opacity: .85; }
.drawing .grid { stroke: var(--d-line); } .drawing .axis { stroke: var(--d-soft); }
.drawing .c0 { --c: var(--d-c0); } .drawing .c1 { --c: var(--d-c1); } .drawing .c2 { --c: var(--d-c2); }
.drawing .c3 { --c: var(--d-c3); } .drawing .c4 { --c: var(--d-c4); } .drawing .c5 { --c: var(--d-c5); }
.drawing .plot { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.drawing .plot.faint { stroke-width: 1.25; stroke-opacity: .5; }
.drawing .dot { fill: var(--c); }
.drawing .ring { fill: none; stroke: var(--c); stroke-width: 2; }
.drawing .base { stroke: var(--c, var(--d-ink)); stroke-width: 2; stroke-linecap: round; stroke-dasharray: .1 5; }
.drawing .cell { fill: var(--d-c0); } .drawing .frame { fill: none; stroke: var(--d-line); } .drawing .hit { fill: none; stroke: var(--d-ink); }
)css";

double power_of_ten(double exponent) {
  return std::pow(10.0, exponent);
}

double nice_step(double least) {
  const double power = power_of_ten(std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

}  // namespace

std::string_view drawing_style() {
  return kStyle;
}

std::string drawing(double width, double height, std::string_view label, std::string_view body) {
  const std::string w = svg_number(width), h = svg_number(height);
  return "<svg class=\"drawing\" width=\"" + w + "\" height=\"" + h + "\" viewBox=\"0 0 " + w + " " + h +
         "\" role=\"img\" aria-label=\"" + html(label) + "\">\n" + std::string(body) + "</svg>\n";
}

std::string svg_file(std::string_view drawing) {
  constexpr std::string_view kOpening = "<svg ";
  const std::size_t body = drawing.find(">\n") + 2;
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" " + std::string(drawing.substr(kOpening.size(), body - kOpening.size())) +
         "<style>" + std::string(kStyle) + "</style>\n" + std::string(drawing.substr(body));
}

std::string svg_text(const TextAt& at, std::string_view text) {
  std::string out = "<text x=\"" + svg_number(at.x) + "\" y=\"" + svg_number(at.y) + "\"";
  if (at.anchor != Anchor::Start) out += at.anchor == Anchor::End ? " text-anchor=\"end\"" : " text-anchor=\"middle\"";
  if (*at.style != '\0') out += std::string(" class=\"") + at.style + "\"";
  if (at.turned != 0)
    out += " transform=\"rotate(" + svg_number(at.turned) + " " + svg_number(at.x) + " " + svg_number(at.y) + ")\"";
  return out + ">" + html(text) + "</text>\n";
}

std::string svg_line(double x1, double y1, double x2, double y2, std::string_view style) {
  return "<line x1=\"" + svg_number(x1) + "\" y1=\"" + svg_number(y1) + "\" x2=\"" + svg_number(x2) + "\" y2=\"" + svg_number(y2) +
         "\" class=\"" + std::string(style) + "\"/>\n";
}

std::string svg_number(double value) {
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, "%.2f", value);
  std::string text = buffer;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string shortened(std::string_view text, std::size_t count) {
  const std::u32string points = to_utf32(text);
  if (points.size() <= count) return to_utf8(points);
  return to_utf8(points.substr(0, count - 1)) + "\xE2\x80\xA6";
}

double text_width(std::string_view text) {
  double width = 0;
  for (const char32_t c : to_utf32(text)) width += c < 0x1100 ? 7.3 : 12;  // wide scripts take a whole em
  return width;
}

std::vector<double> nice_ticks(double low, double high, int count, double least_step) {
  if (high == low) {
    const double margin = low == 0 ? 0.5 : 0.1 * std::abs(low);
    low -= margin;
    high += margin;
  }
  const double step = nice_step(std::max({(high - low) / count, least_step, 1e-12 * std::max(std::abs(low), std::abs(high))}));
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  std::vector<double> ticks;
  for (double k = first; k <= last; ++k) ticks.push_back(k * step);
  return ticks;
}

std::string tick_text(double value, double step) {
  const double size = std::max(std::abs(value), step);
  std::string text;
  if (size >= 1e5 || step < 1e-4) {
    text = number_text("%.3g", std::abs(value) < step / 2 ? 0 : std::abs(value));
  } else {
    const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
    text = number_text(("%." + std::to_string(decimals) + "f").c_str(), std::abs(value));
  }
  const bool negative = value < -step / 2;
  return (negative ? "\xE2\x88\x92" : "") + text;
}

}  // namespace zlens
