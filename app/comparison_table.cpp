#include "app/comparison_table.h"

#include <cstdio>

#include "app/text_table.h"
#include "io/error.h"

namespace zlens {
namespace {

std::string format(const char* pattern, double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, pattern, value);
  return buffer;
}

std::string score(double value) {
  return format("%.4f", value);
}

std::string p_value(double p) {
  return p < 0.0001 ? "<0.0001" : format("%.4f", p);
}

std::string interval(const Estimate& estimate, const char* pattern) {
  return format(pattern, estimate.low) + " … " + format(pattern, estimate.high);
}

std::string letter(std::size_t run) {
  return std::string(1, static_cast<char>('A' + run));
}

std::string level(const Comparison& comparison) {
  return format("%.4g", 100 * comparison.options.resampling.level) + " % interval";
}

void print_heading(std::ostream& out, const Comparison& comparison) {
  const ComparedGroup& all = comparison.groups.front();
  const bool by_image = comparison.options.cluster_by_image;
  out << printable(comparison.task) << " " << printable(comparison.split) << ", " << printable(comparison.metric) << ": "
      << all.samples << " samples";
  if (by_image) out << " on " << all.clusters << " images";
  if (comparison.unscored > 0) out << ", " << comparison.unscored << " without references left out";
  out << "\nintervals: bootstrap by " << (by_image ? "image" : "sample") << ", " << comparison.options.resampling.count
      << " resamples, seed " << comparison.options.resampling.seed << "; p: sign flips by " << (by_image ? "image" : "sample")
      << "; McNemar: mid-p, right from " << format("%g", comparison.options.threshold) << " on, samples taken as independent\n\n";
}

void print_runs(std::ostream& out, const Comparison& comparison) {
  std::vector<std::vector<std::string>> rows = {{"run", "", "score", level(comparison), "failed", "missing"}};
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) {
    const Estimate& estimate = comparison.groups.front().scores[r];
    rows.push_back({letter(r), printable(comparison.runs[r]), score(estimate.mean), interval(estimate, "%.4f"),
                    std::to_string(comparison.failed[r]), std::to_string(comparison.missing[r])});
  }
  print_table(out, rows, 2);
}

void print_differences(std::ostream& out, const Comparison& comparison, std::size_t run) {
  const std::string name = letter(run) + " \xE2\x88\x92 A";
  std::vector<std::vector<std::string>> rows = {
      {"", "samples", "A", letter(run), name, level(comparison), "p", "McNemar", "wins", "losses", "ties"}};
  for (const ComparedGroup& group : comparison.groups) {
    const Difference& difference = group.differences[run - 1];
    rows.push_back({printable(group.name), std::to_string(group.samples), score(group.scores[0].mean),
                    score(group.scores[run].mean), format("%+.4f", difference.estimate.mean),
                    interval(difference.estimate, "%+.4f"), p_value(difference.p), p_value(difference.mcnemar.mid_p),
                    std::to_string(difference.wins), std::to_string(difference.losses), std::to_string(difference.ties)});
  }
  out << "\n";
  print_table(out, rows);
}

void print_changed(std::ostream& out, const std::string& title, const std::vector<ChangedSample>& samples) {
  if (samples.empty()) return;
  out << "\n" << title << "\n";
  for (const ChangedSample& sample : samples) {
    out << "  " << format("%+.2f", sample.scores[1] - sample.scores[0]) << "  " << printable(sample.id, 40)
        << (sample.field.empty() ? "" : " " + printable(sample.field, 40)) << ": " << printable(sample.question, 80) << "\n"
        << "         " << printable(sample.predictions[0], 50) << "  \xE2\x86\x92  " << printable(sample.predictions[1], 50);
    if (!sample.references.empty()) out << "   (" << printable(sample.references.front(), 50) << ")";
    out << "\n";
  }
}

}  // namespace

void print_comparison(std::ostream& out, const Comparison& comparison) {
  print_heading(out, comparison);
  print_runs(out, comparison);
  for (std::size_t r = 1; r < comparison.runs.size(); ++r) {
    print_differences(out, comparison, r);
    print_changed(out, "Greatest gains of " + letter(r), comparison.gains[r - 1]);
    print_changed(out, "Greatest losses of " + letter(r), comparison.losses[r - 1]);
  }
}

}  // namespace zlens
