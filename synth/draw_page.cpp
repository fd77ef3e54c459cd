#include "synth/draw_page.h"

#include <algorithm>

namespace zlens::synth {
namespace {

const cv::Scalar kInk(20, 20, 20), kRule(150, 150, 150);

// A line of a page, before the page's height is known.
struct Row {
  std::string left, right;
  TextStyle style;
  Align align = Align::Left;
  int indent = 0;
  bool rule_below = false;
};

struct PageLayout {
  int width = 800, margin = 40;
  double spacing = 1.5;  // of lines, in sizes
};

int height_of(const Row& row, const PageLayout& layout) {
  return static_cast<int>(row.style.size * layout.spacing) + (row.rule_below ? row.style.size * 2 / 3 : 0);
}

Picture draw_rows(Fonts& fonts, const std::vector<Row>& rows, const PageLayout& layout) {
  int height = 2 * layout.margin;
  for (const Row& row : rows) height += height_of(row, layout);
  Canvas canvas(fonts, {layout.width, height});
  const int right = layout.width - layout.margin;
  int y = layout.margin;
  for (const Row& row : rows) {
    const int baseline = y + row.style.size;
    const int x = row.align == Align::Centre ? layout.width / 2 : layout.margin + row.indent;
    canvas.text(row.left, {x, baseline}, row.style, row.align);
    canvas.text(row.right, {right, baseline}, row.style, Align::Right);
    y += height_of(row, layout);
    if (row.rule_below)
      canvas.line({layout.margin + 0.5, y - row.style.size * 0.6}, {right - 0.5, y - row.style.size * 0.6}, kRule);
  }
  return canvas.take();
}

// The receipt's last line that is an item: sums follow it.
bool ends_a_part(const std::vector<ReceiptLine>& lines, std::size_t i) {
  if (lines[i].left.starts_with("DATE ")) return true;
  const bool amount = !lines[i].right.empty(), next_amount = i + 1 < lines.size() && !lines[i + 1].right.empty();
  const bool sums_next = i + 1 < lines.size() && (lines[i + 1].left == "TOTAL" || lines[i + 1].left == "CHANGE");
  return amount && (!next_amount || (sums_next && lines[i].left != "CASH"));
}

}  // namespace

Picture draw_sheet(Fonts& fonts, const Sheet& sheet, Rng& rng, const PictureOptions& options) {
  const bool fixed = rng.chance(0.2), title_centred = rng.chance(0.5), rule = rng.chance(0.5);
  const Family& family = rng.pick(fixed ? fixed_families(options.unseen_fonts) : text_families(options.unseen_fonts));
  const int size = static_cast<int>(rng.integer(24, 32));
  PageLayout layout;
  layout.width = static_cast<int>(rng.integer(640, 900));
  layout.spacing = 1.5 + 0.6 * rng.real();
  const TextStyle text{family, size, kInk, false}, title{family, size + 6, kInk, true};
  std::vector<Row> rows;
  if (!sheet.title.empty()) rows.push_back({sheet.title, "", title, title_centred ? Align::Centre : Align::Left, 0, rule});
  const int indent = sheet.numbered() ? fonts.width("9) ", text) : 0;
  for (std::size_t i = 0; i < sheet.exercises.size(); ++i) {
    const std::vector<std::string> lines = wrapped(fonts, sheet.line(i), text, layout.width - 2 * layout.margin - indent);
    for (std::size_t k = 0; k < lines.size(); ++k) rows.push_back({lines[k], "", text, Align::Left, k ? indent : 0});
  }
  return draw_rows(fonts, rows, layout);
}

Picture draw_receipt(Fonts& fonts, const Receipt& receipt, Rng& rng, const PictureOptions& options) {
  const bool fixed = rng.chance(0.5), centred = rng.chance(0.7), bold_total = rng.chance(0.5);
  const Family& family = rng.pick(fixed ? fixed_families(options.unseen_fonts) : text_families(options.unseen_fonts));
  const int size = static_cast<int>(rng.integer(21, 26));
  PageLayout layout;
  layout.margin = 32;
  layout.spacing = 1.35 + 0.3 * rng.real();
  const TextStyle text{family, size, kInk, false}, bold{family, size, kInk, true};
  const std::vector<ReceiptLine> lines = lines_of(receipt);
  int width = 360;
  for (const ReceiptLine& line : lines)
    if (line.left != receipt.note) width = std::max(width, fonts.width(line.left + "    " + line.right, bold));
  layout.width = width + 2 * layout.margin;
  std::vector<Row> rows;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool head = i <= receipt.address.size(), thanks = lines[i].left == "THANK YOU";
    const TextStyle& style = i == 0 || (bold_total && lines[i].left == "TOTAL") ? bold : text;
    const Align align = (head && centred) || thanks ? Align::Centre : Align::Left;
    const bool rule = ends_a_part(lines, i);
    for (const std::string& part : wrapped(fonts, lines[i].left, style, width))
      rows.push_back({part, lines[i].right, style, align, 0, rule});
  }
  return draw_rows(fonts, rows, layout);
}

}  // namespace zlens::synth
