#include "eval/confusion.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "eval/drawing.h"
#include "eval/report_page.h"
#include "eval/texts.h"

namespace zlens {
namespace {

constexpr std::size_t kMostNames = 64, kNameLetters = 20;
constexpr std::string_view kBase = "base";

std::string percent(const char* pattern, std::int64_t part, std::int64_t whole) {
  return number_text(pattern, whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0);
}

std::int64_t row_sum(const std::vector<std::int64_t>& row) {
  return std::accumulate(row.begin(), row.end(), std::int64_t{0});
}

std::vector<std::string> order_experts(const std::vector<std::string>& kinds, std::set<std::string> experts) {
  experts.insert(std::string(kBase));
  std::vector<std::string> out;
  for (const std::string& kind : kinds)
    if (kind != kBase && experts.erase(kind) > 0) out.push_back(kind);
  for (const std::string& expert : experts)
    if (expert != kBase) out.push_back(expert);
  out.emplace_back(kBase);
  return out;
}

double longest(const std::vector<std::string>& names) {
  double width = 0;
  for (const std::string& name : names) width = std::max(width, text_width(shortened(name, kNameLetters)));
  return width;
}

// Where the cells stand.
struct Layout {
  double left, top, width, height;  // of the first cell's corner; of each cell
  bool turned;                      // column names
  bool numbers;                     // in the cells
};

Layout layout_of(const ConfusionMatrix& matrix) {
  Layout layout{};
  const auto columns = static_cast<double>(matrix.experts.size());
  const double names = longest(matrix.experts);
  layout.left = longest(matrix.kinds) + 12;
  layout.width = std::clamp(std::floor(340 / columns), 16.0, 84.0);
  layout.height = std::min(layout.width, 46.0);
  layout.turned = names + 8 > layout.width;
  layout.top = layout.turned ? names * 0.75 + 16 : 24;
  layout.numbers = layout.width >= 30;
  return layout;
}

std::string draw_cell(const Layout& layout, double x, double y, std::int64_t count, std::int64_t row) {
  const double share = row > 0 ? static_cast<double>(count) / static_cast<double>(row) : 0;
  std::string out = "<rect class=\"cell\" x=\"" + svg_number(x + 1) + "\" y=\"" + svg_number(y + 1) + "\" width=\"" +
                    svg_number(layout.width - 2) + "\" height=\"" + svg_number(layout.height - 2) + "\" rx=\"3\" fill-opacity=\"" +
                    svg_number(0.05 + 0.9 * share) + "\"><title>" + std::to_string(count) + " of " + std::to_string(row) +
                    "</title></rect>\n";
  if (!layout.numbers || count == 0) return out;
  const bool two_lines = layout.height >= 40;
  const double middle = x + layout.width / 2, line = y + layout.height / 2 + (two_lines ? -1 : 4);
  const bool strong = share > 0.55;
  const std::string number = std::to_string(count);
  const bool tight = text_width(number) > layout.width - 8;
  out += svg_text(
      {middle, line, Anchor::Middle, strong ? (tight ? "on small" : "on strong") : (tight ? "ink small" : "ink strong")}, number);
  if (two_lines)
    out += svg_text({middle, line + 14, Anchor::Middle, strong ? "on small" : "ink small"}, percent("%.0f %%", count, row));
  return out;
}

std::string draw_names(const ConfusionMatrix& matrix, const Layout& layout) {
  std::string out;
  for (std::size_t c = 0; c < matrix.experts.size(); ++c) {
    const double middle = layout.left + (static_cast<double>(c) + 0.5) * layout.width;
    const std::string name = shortened(matrix.experts[c], kNameLetters);
    out += layout.turned ? svg_text({middle + 4, layout.top - 7, Anchor::Start, "ink", -45}, name)
                         : svg_text({middle, layout.top - 8, Anchor::Middle, "ink"}, name);
  }
  for (std::size_t k = 0; k < matrix.kinds.size(); ++k) {
    const double middle = layout.top + (static_cast<double>(k) + 0.5) * layout.height;
    out += svg_text({layout.left - 8, middle + 4, Anchor::End, "ink"}, shortened(matrix.kinds[k], kNameLetters));
  }
  return out;
}

std::string markdown_text(const std::string& text) {
  std::string out;
  for (const char c : shortened(text, kNameLetters * 2)) {
    if (c == '|' || c == '\\' || c == '<' || c == '`') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

}  // namespace

std::string dominating_expert(const Json& mix) {
  std::string name(kBase);
  double most = 0;
  if (!mix.is_array()) return name;
  for (const Json& part : mix) {
    if (!part.is_object() || !part.contains("expert") || !part["expert"].is_string()) continue;
    const auto weight = part.find("weight");
    if (weight == part.end() || !weight->is_number() || weight->get<double>() <= most) continue;
    most = weight->get<double>();
    name = part["expert"].get<std::string>();
  }
  return name;
}

std::optional<ConfusionMatrix> confusion_of(const std::vector<SampleRecord>& records) {
  std::map<std::string, std::map<std::string, std::int64_t>> counts;
  std::set<std::string> experts;
  for (const SampleRecord& record : records) {
    if (record.field.empty() || !record.error.empty()) continue;
    const std::string expert = dominating_expert(record.mix);
    ++counts[record.field][expert];
    experts.insert(expert);
  }
  const bool all_base = experts == std::set<std::string>{std::string(kBase)};
  if (experts.empty() || all_base || experts.size() >= kMostNames || counts.size() > kMostNames) return std::nullopt;
  if (experts.size() == 1 && !counts.contains(*experts.begin())) return std::nullopt;
  ConfusionMatrix matrix;
  for (const auto& [kind, unused] : counts)
    if (kind != kBase) matrix.kinds.push_back(kind);
  if (counts.contains(std::string(kBase))) matrix.kinds.emplace_back(kBase);
  matrix.experts = order_experts(matrix.kinds, experts);
  for (const std::string& kind : matrix.kinds) {
    auto& row = matrix.counts.emplace_back();
    for (const std::string& expert : matrix.experts) row.push_back(counts[kind].contains(expert) ? counts[kind][expert] : 0);
    if (std::find(matrix.experts.begin(), matrix.experts.end(), kind) == matrix.experts.end()) continue;
    matrix.judged += row_sum(row);
    matrix.right += counts[kind].contains(kind) ? counts[kind][kind] : 0;
  }
  return matrix;
}

std::string accuracy_text(const ConfusionMatrix& matrix) {
  if (matrix.judged == 0) return "";
  return std::to_string(matrix.right) + " of " + std::to_string(matrix.judged) + " right (" +
         percent("%.1f %%", matrix.right, matrix.judged) + ")";
}

std::string confusion_drawing(const ConfusionMatrix& matrix) {
  const Layout layout = layout_of(matrix);
  std::string body = draw_names(matrix, layout);
  for (std::size_t k = 0; k < matrix.kinds.size(); ++k) {
    const double y = layout.top + static_cast<double>(k) * layout.height;
    for (std::size_t c = 0; c < matrix.experts.size(); ++c) {
      const double x = layout.left + static_cast<double>(c) * layout.width;
      body += draw_cell(layout, x, y, matrix.counts[k][c], row_sum(matrix.counts[k]));
      if (matrix.experts[c] == matrix.kinds[k])
        body += "<rect class=\"hit\" x=\"" + svg_number(x + 1) + "\" y=\"" + svg_number(y + 1) + "\" width=\"" +
                svg_number(layout.width - 2) + "\" height=\"" + svg_number(layout.height - 2) + "\" rx=\"3\"/>\n";
    }
  }
  const double tail = layout.turned ? longest(matrix.experts) * 0.75 : 4;
  const std::string accuracy = accuracy_text(matrix);
  return drawing(layout.left + static_cast<double>(matrix.experts.size()) * layout.width + tail,
                 layout.top + static_cast<double>(matrix.kinds.size()) * layout.height + 4,
                 "Confusion matrix: kinds by experts" + (accuracy.empty() ? "" : ", " + accuracy), body);
}

std::string confusion_panel(const ConfusionMatrix& matrix, std::string_view title) {
  const std::string accuracy = accuracy_text(matrix);
  return "<section class=\"panel\"><h3>" + html(title) +
         "</h3>\n<p class=\"soft above\">Rows: the right kind; columns: the expert with the "
         "largest weight" +
         (accuracy.empty() ? "" : ". " + accuracy) + ".</p>\n" + confusion_drawing(matrix) + "</section>\n";
}

std::string confusion_markdown(const ConfusionMatrix& matrix) {
  std::string out = "| kind \\ expert |", rule = "|---|";
  for (const std::string& expert : matrix.experts) {
    out += " " + markdown_text(expert) + " |";
    rule += "---:|";
  }
  out += " right |\n" + rule + "---:|\n";
  for (std::size_t k = 0; k < matrix.kinds.size(); ++k) {
    out += "| " + markdown_text(matrix.kinds[k]) + " |";
    std::string right = "\xE2\x80\x93";
    for (std::size_t c = 0; c < matrix.experts.size(); ++c) {
      out += " " + std::to_string(matrix.counts[k][c]) + " |";
      if (matrix.experts[c] == matrix.kinds[k]) right = percent("%.1f %%", matrix.counts[k][c], row_sum(matrix.counts[k]));
    }
    out += " " + right + " |\n";
  }
  const std::string accuracy = accuracy_text(matrix);
  return accuracy.empty() ? out : out + "\n" + accuracy + "\n";
}

}  // namespace zlens
