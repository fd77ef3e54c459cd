#include "app/expert_page.h"

#include <algorithm>

#include "app/experts_verbs.h"
#include "eval/heat_map.h"
#include "eval/report_page.h"
#include "eval/texts.h"

namespace zlens {
namespace {

// Singular values a cell of the lower maps stands for are averaged down to so many columns.
constexpr std::size_t kBins = 64;

constexpr std::string_view kStyle = R"css(
.strips { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 14px; }
.strips .panel { padding: 12px 14px 10px; }
.panel.wide .drawing { max-width: none; } .panel.wide p { margin: 0 0 14px; }
.panel h3 { font-size: 13px; }
)css";

std::string short_number(double value) {
  return number_text("%.3g", value);
}

std::string last_part(const std::string& kind) {
  return kind.substr(kind.rfind('.') + 1);
}

double strength(const MatrixChange& change) {
  return change.relative.value_or(change.norm);
}

const char* measure_text(const std::vector<MatrixChange>& changes) {
  const MatrixChange& first = changes.front();
  if (first.relative) return "‖W′ − W‖ / ‖W‖ of each matrix (for z-vectors ‖S(z − 1)‖ / ‖S‖)";
  return first.largest_shift ? "‖z − 1‖ of each matrix; with --model, ‖S(z − 1)‖ / ‖S‖"
                             : "‖W′ − W‖ of each matrix; with --model, relative to ‖W‖";
}

std::string header(const Expert& expert, const std::vector<MatrixChange>& changes) {
  std::string out = "<header>\n<h1>" + html(expert.name) + " <span class=\"soft\">expert</span></h1>\n";
  if (!expert.description.empty()) out += "<p>" + html(expert.description) + "</p>\n";
  out += "<div class=\"top\">\n";
  double largest = 0;
  for (const MatrixChange& change : changes) largest = std::max(largest, change.largest_shift.value_or(0));
  for (const char* key : {"task", "method", "scope"})
    if (const std::string value = record_value(expert, key); !value.empty()) out += figure(key, value);
  if (const std::string scores = scores_text(expert); !scores.empty()) out += figure("validation, base → expert", scores);
  out += figure("parameters", std::to_string(parameter_count(expert))) + figure("matrices", std::to_string(changes.size()));
  if (largest > 0) out += figure("largest |z − 1|", short_number(largest));
  return out + "</div>\n</header>\n";
}

// Kinds by rows and layers by columns, with the mean of each beside it.
std::string overview(const std::vector<MatrixChange>& changes) {
  HeatMap map;
  std::vector<std::string> kinds;
  std::int64_t layers = 0;
  for (const MatrixChange& change : changes) {
    if (std::find(kinds.begin(), kinds.end(), change.place.kind) == kinds.end()) kinds.push_back(change.place.kind);
    layers = std::max(layers, change.place.layer + 1);
  }
  for (const std::string& kind : kinds) map.rows.push_back(last_part(kind));
  for (std::int64_t layer = 0; layer < std::max<std::int64_t>(layers, 1); ++layer)
    map.columns.push_back(layers > 0 ? std::to_string(layer) : "");
  map.column_title = layers > 0 ? "layer" : "";
  for (const MatrixChange& change : changes) {
    const auto row = static_cast<std::size_t>(std::find(kinds.begin(), kinds.end(), change.place.kind) - kinds.begin());
    std::string text = change.name + ": ‖W′ − W‖ = " + short_number(change.norm);
    if (change.relative) text += ", " + short_number(*change.relative) + " of ‖W‖";
    if (change.largest_shift) text += ", max |z − 1| = " + short_number(*change.largest_shift);
    map.cells.push_back({row, static_cast<std::size_t>(std::max<std::int64_t>(change.place.layer, 0)), strength(change), text});
  }
  return "<h2>Where the expert acts</h2>\n<div class=\"panel wide\">\n<p class=\"soft\">" + std::string(measure_text(changes)) +
         "; bars: the mean of a row or column</p>\n" + draw(map, "how much each matrix changes") + "</div>\n";
}

std::vector<double> binned(const std::vector<float>& profile) {
  const std::size_t bins = std::min(kBins, profile.size());
  std::vector<double> out(bins, 0.0);
  for (std::size_t bin = 0; bin < bins; ++bin) {
    const std::size_t begin = bin * profile.size() / bins, end = (bin + 1) * profile.size() / bins;
    for (std::size_t i = begin; i < end; ++i) out[bin] += static_cast<double>(profile[i]) / static_cast<double>(end - begin);
  }
  return out;
}

// One small map for each kind of matrix: layers down, singular values from the largest to the smallest.
std::string strips(const std::vector<MatrixChange>& changes) {
  std::vector<std::pair<std::string, std::vector<const MatrixChange*>>> kinds;
  for (const MatrixChange& change : changes) {
    if (change.profile.empty()) continue;
    auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const auto& one) { return one.first == change.place.kind; });
    if (kind == kinds.end()) kind = kinds.insert(kinds.end(), {change.place.kind, {}});
    kind->second.push_back(&change);
  }
  if (kinds.empty()) return "";
  double largest = 0;
  std::vector<StripMap> maps;
  for (const auto& [kind, rows] : kinds) {
    StripMap map;
    for (const MatrixChange* change : rows) map.rows.push_back(binned(change->profile));
    for (const auto& row : map.rows) largest = std::max(largest, *std::max_element(row.begin(), row.end()));
    maps.push_back(std::move(map));
  }
  const bool scaled = changes.front().relative.has_value();
  std::string out =
      "<h2>Along the singular values</h2>\n<p class=\"soft\">" +
      std::string(scaled ? "|S(z − 1)| / max S" : "|z − 1|; with --model, |S(z − 1)|") +
      ", from the largest singular value (left) to the smallest, one line a layer from the first (top) to the last; the strongest "
      "colour is " +
      short_number(largest) + "</p>\n<div class=\"strips\">\n";
  for (std::size_t i = 0; i < kinds.size(); ++i)
    out += "<div class=\"panel\"><h3>" + html(last_part(kinds[i].first)) + "</h3>" +
           draw(maps[i], largest, kinds[i].first + " along the singular values") + "</div>\n";
  return out + "</div>\n";
}

Json metadata(const Expert& expert) {
  Json out = expert.record;
  out["base"] = expert.base;
  out["sha256"] = expert.sha256;
  return out;
}

}  // namespace

std::string expert_page(const Expert& expert, const std::vector<MatrixChange>& changes) {
  return page_head("zlens expert: " + expert.name, std::string(heat_map_style()) + std::string(kStyle)) + header(expert, changes) +
         overview(changes) + strips(changes) + settings_section("Metadata", metadata(expert)) + page_foot();
}

}  // namespace zlens
