#include "app/summary_table.h"

#include <algorithm>
#include <iomanip>

#include "io/error.h"

namespace zlens {
namespace {

struct Row {
  std::string name;
  std::int64_t samples;
  Json score;
};

void print_row(std::ostream& out, const Row& row, std::size_t width) {
  out << "  " << std::left << std::setw(static_cast<int>(width)) << row.name << std::right << std::setw(9) << row.samples << "  ";
  if (row.score.is_number()) {
    out << std::fixed << std::setprecision(4) << row.score.get<double>() << "\n";
  } else {
    out << "     –\n";
  }
}

}  // namespace

void print_summary(std::ostream& out, const Json& summary) {
  std::vector<Row> rows;
  for (const auto& [field, score] : summary.at("by_field").items())
    if (!field.empty()) rows.push_back({printable(field, 60), summary.at("samples_by_field").value(field, std::int64_t{0}), score});
  rows.push_back({"all", summary.at("samples").get<std::int64_t>(), summary.at("score")});
  std::size_t width = 10;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  out << summary.at("task").get<std::string>() << ", " << summary.at("metric").get<std::string>() << "\n";
  out << "  " << std::left << std::setw(static_cast<int>(width)) << "field"
      << "  samples   score\n";
  for (const Row& row : rows) print_row(out, row, width);
  if (const auto failed = summary.value("failed", std::int64_t{0})) out << "  failed: " << failed << "\n";
}

}  // namespace zlens
