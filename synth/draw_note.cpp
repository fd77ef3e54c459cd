#include <algorithm>
#include <cmath>

#include "synth/draw_small.h"
#include "synth/small_style.h"

namespace zlens::synth {
namespace {

constexpr double kLeastSize = 10.5;  // units; smaller only where a line does not fit otherwise

struct Layout {
  double size = 0, spacing = 1.3;  // units; in sizes
  bool centred = false, apart = false, colon = true, rule = false;
};

std::string shown(const NoteLine& line, const Layout& layout) {
  return line.key.empty() ? line.value : line.key + (layout.colon ? ": " : " ") + line.value;
}

Layout draw_layout(Fonts& fonts, const Note& note, const SmallStyle& style, Rng& rng) {
  Layout layout;
  const bool keys = !note.lines.front().key.empty();
  layout.apart = keys && rng.chance(0.5);
  layout.colon = !layout.apart || rng.chance(0.4);
  layout.centred = !keys && rng.chance(0.5);
  layout.rule = keys && rng.chance(0.4);
  layout.spacing = rng.real(1.25, 1.6);
  double fits = 24;
  SmallStyle bold = style;
  bold.bold = true;
  fits = std::min(fits, fitting_size(fonts, note.heading, bold, kTextShare * style.size.width));
  for (const NoteLine& line : note.lines)
    fits =
        std::min(fits, fitting_size(fonts, shown(line, layout) + (layout.apart ? " " : ""), style, kTextShare * style.size.width));
  const double rows = static_cast<double>(note.lines.size() + (note.heading.empty() ? 0 : 1));
  const double high = 0.94 * style.size.height / style.unit / rows;  // units that a row has
  fits = std::min(fits, high / 1.2);
  layout.size = std::min(fits, std::max(kLeastSize, rng.real(0.65 * fits, fits)));
  layout.spacing = std::min(layout.spacing, high / layout.size);
  return layout;
}

class NotePage {
 public:
  NotePage(Fonts& fonts, const Note& note, const SmallStyle& style, const Layout& layout)
      : note_(note), style_(style), layout_(layout), canvas_(fonts, style.size, style.paper) {}

  Picture draw(Rng& rng) {
    const int rows = static_cast<int>(note_.lines.size()) + (note_.heading.empty() ? 0 : 1), row = row_height();
    int width = 0;
    for (const NoteLine& line : note_.lines)
      width = std::max(width, canvas_.fonts().width(shown(line, layout_), style_.text(layout_.size)));
    width = std::max(width, canvas_.fonts().width(note_.heading, heading_style()));
    if (layout_.apart) width = static_cast<int>(rng.real(width, kTextShare * style_.size.width));
    block_ = {free_start(rng, width, style_.size.width), free_start(rng, row * rows, style_.size.height), width, row * rows};
    int y = block_.y + row / 2;
    if (!note_.heading.empty()) {
      draw_heading(y, rng.chance(0.6));
      y += row;
    }
    for (const NoteLine& line : note_.lines) {
      draw_line(line, y);
      y += row;
    }
    return canvas_.take();
  }

 private:
  int row_height() const { return static_cast<int>(style_.pixels(layout_.size) * layout_.spacing); }
  TextStyle heading_style() const {
    TextStyle out = style_.text(layout_.size);
    out.bold = true;
    return out;
  }

  void draw_heading(int y, bool centred) {
    canvas_.text_at(note_.heading, {centred ? block_.x + block_.width / 2 : block_.x, y}, heading_style(),
                    centred ? Align::Centre : Align::Left);
    if (!layout_.rule) return;
    const double line = std::floor(y + row_height() * 0.5) + 0.5;
    canvas_.line({double(block_.x), line}, {double(block_.br().x), line}, style_.ink);
  }

  void draw_line(const NoteLine& line, int y) {
    const TextStyle text = style_.text(layout_.size);
    if (layout_.apart) {
      canvas_.text_at(line.key + (layout_.colon ? ":" : ""), {block_.x, y}, text);
      canvas_.text_at(line.value, {block_.br().x, y}, text, Align::Right);
    } else {
      canvas_.text_at(shown(line, layout_), {layout_.centred ? block_.x + block_.width / 2 : block_.x, y}, text,
                      layout_.centred ? Align::Centre : Align::Left);
    }
  }

  const Note& note_;
  const SmallStyle& style_;
  const Layout& layout_;
  Canvas canvas_;
  cv::Rect block_;
};

}  // namespace

Picture draw_note(Fonts& fonts, const Note& note, Rng& rng, const PictureOptions& options) {
  const SmallStyle style = draw_small_style(fonts, rng, options);
  if (note.lines.size() == 1 && note.heading.empty()) return draw_single(fonts, note.lines[0].value, style, rng);
  const Layout layout = draw_layout(fonts, note, style, rng);
  return NotePage(fonts, note, style, layout).draw(rng);
}

}  // namespace zlens::synth
