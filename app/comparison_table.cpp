#include "app/comparison_table.h"

#include "app/text_table.h"
#include "eval/texts.h"
#include "io/error.h"

namespace zlens {
namespace {

std::string score(double value) {
  return number_text("%.4f", value);
}

std::string level(const Comparison& comparison) {
  return number_text("%.4g", 100 * comparison.options.resampling.level) + " % interval";
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
      << "; McNemar: mid-p, right from " << number_text("%g", comparison.options.threshold)
      << " on, samples taken as independent\n\n";
}

void print_runs(std::ostream& out, const Comparison& comparison) {
  std::vector<std::vector<std::string>> rows = {{"run", "", "score", level(comparison), "failed", "missing"}};
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) {
    const Estimate& estimate = comparison.groups.front().scores[r];
    rows.push_back({run_letter(r), printable(comparison.runs[r]), score(estimate.mean), interval_text("%.4f", estimate),
                    std::to_string(comparison.failed[r]), std::to_string(comparison.missing[r])});
  }
  print_table(out, rows, 2);
}

void print_differences(std::ostream& out, const Comparison& comparison, std::size_t run) {
  const std::string name = run_letter(run) + " \xE2\x88\x92 A";
  std::vector<std::vector<std::string>> rows = {
      {"", "samples", "A", run_letter(run), name, level(comparison), "p", "McNemar", "wins", "losses", "ties"}};
  for (const ComparedGroup& group : comparison.groups) {
    const Difference& difference = group.differences[run - 1];
    rows.push_back({printable(group.name), std::to_string(group.samples), score(group.scores[0].mean),
                    score(group.scores[run].mean), number_text("%+.4f", difference.estimate.mean),
                    interval_text("%+.4f", difference.estimate), p_text(difference.p), p_text(difference.mcnemar.mid_p),
                    std::to_string(difference.wins), std::to_string(difference.losses), std::to_string(difference.ties)});
  }
  out << "\n";
  print_table(out, rows);
}

void print_changed(std::ostream& out, const std::string& title, const std::vector<ChangedSample>& samples) {
  if (samples.empty()) return;
  out << "\n" << title << "\n";
  for (const ChangedSample& sample : samples) {
    out << "  " << number_text("%+.2f", sample.scores[1] - sample.scores[0]) << "  " << printable(sample.id, 40)
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
    print_changed(out, "Greatest gains of " + run_letter(r), comparison.gains[r - 1]);
    print_changed(out, "Greatest losses of " + run_letter(r), comparison.losses[r - 1]);
  }
}

}  // namespace zlens
