#include "eval/compare_page.h"

#include <algorithm>

#include "eval/interval_chart.h"
#include "eval/report_page.h"
#include "eval/texts.h"

namespace zlens {
namespace {

constexpr std::size_t kMostRows = 40;  // of the drawing; the tables have all
constexpr const char* kMinus = " \xE2\x88\x92 ";

std::string cell(const std::string& text, const char* style = "num") {
  return "<td class=\"" + std::string(style) + "\">" + html(text) + "</td>";
}

std::string score(double value) {
  return number_text("%.4f", value);
}

std::string level(const Comparison& comparison) {
  return number_text("%.4g", 100 * comparison.options.resampling.level) + " % interval";
}

std::string head(const Comparison& comparison) {
  const ComparedGroup& all = comparison.groups.front();
  std::string out = "<header>\n<h1>" + html(comparison.task) + " <span class=\"soft\">" + html(comparison.split) +
                    "</span></h1>\n<div class=\"top\">\n" + figure("runs compared", std::to_string(comparison.runs.size())) +
                    figure("samples in all runs", std::to_string(all.samples));
  if (comparison.options.cluster_by_image) out += figure("images", std::to_string(all.clusters));
  out += figure("metric", comparison.metric);
  if (comparison.unscored > 0) out += figure("without references", std::to_string(comparison.unscored));
  out += "</div>\n";
  if (std::any_of(comparison.missing.begin(), comparison.missing.end(), [](std::int64_t count) { return count > 0; }))
    out += "<p class=\"note\">Some runs lack samples that another has (see below); only samples that all have are compared.</p>\n";
  return out + "<p class=\"soft\">" + html(comparison.metric_variant) + "</p>\n</header>\n";
}

std::string runs_table(const Comparison& comparison) {
  std::string out =
      "<h2>Runs</h2>\n<div class=\"panel scroll\"><table>\n<tr><th></th><th>run</th><th class=\"num\">score</th><th "
      "class=\"num\">" +
      html(level(comparison)) + "</th><th class=\"num\">failed</th><th class=\"num\">missing</th></tr>\n";
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) {
    const Estimate& estimate = comparison.groups.front().scores[r];
    out += "<tr>" + cell(run_letter(r), "") + cell(comparison.runs[r], "name") + cell(score(estimate.mean)) +
           cell(interval_text("%.4f", estimate)) + cell(std::to_string(comparison.failed[r])) +
           cell(std::to_string(comparison.missing[r])) + "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string differences_drawing(const Comparison& comparison) {
  IntervalChart chart;
  chart.label = "Differences from run A with their intervals, by group";
  chart.x_label = "difference from A";
  for (std::size_t r = 1; r < comparison.runs.size(); ++r) chart.series.push_back(run_letter(r) + kMinus + "A");
  for (const ComparedGroup& group : comparison.groups) {
    if (chart.rows.size() == kMostRows) break;
    IntervalRow row{group.name, {}};
    for (const Difference& difference : group.differences) row.estimates.push_back(difference.estimate);
    chart.rows.push_back(std::move(row));
  }
  return "<section class=\"panel\">" + interval_chart(chart) + "</section>\n";
}

std::string difference_row(const ComparedGroup& group, std::size_t run) {
  const Difference& difference = group.differences[run - 1];
  const char* style = difference.estimate.low > 0 ? "num gain" : difference.estimate.high < 0 ? "num loss" : "num";
  return "<tr>" + cell(group.name, "") + cell(std::to_string(group.samples)) + cell(score(group.scores[0].mean)) +
         cell(score(group.scores[run].mean)) + cell(number_text("%+.4f", difference.estimate.mean), style) +
         cell(interval_text("%+.4f", difference.estimate)) + cell(p_text(difference.p)) + cell(p_text(difference.mcnemar.mid_p)) +
         cell(std::to_string(difference.wins)) + cell(std::to_string(difference.losses)) + cell(std::to_string(difference.ties)) +
         "</tr>\n";
}

std::string differences_table(const Comparison& comparison, std::size_t run) {
  std::string out = "<h2>" + run_letter(run) + kMinus + "A</h2>\n<div class=\"panel scroll\"><table>\n<tr><th></th>";
  for (const std::string& title :
       {std::string("samples"), std::string("A"), run_letter(run), run_letter(run) + kMinus + "A", level(comparison),
        std::string("p"), std::string("McNemar"), std::string("wins"), std::string("losses"), std::string("ties")})
    out += "<th class=\"num\">" + html(title) + "</th>";
  out += "</tr>\n";
  for (const ComparedGroup& group : comparison.groups) out += difference_row(group, run);
  return out + "</table></div>\n";
}

std::string line(const std::string& label, const std::string& text) {
  return "<dt>" + html(label) + "</dt><dd>" + html(text.empty() ? "(empty)" : text) + "</dd>\n";
}

std::string changed_samples(const std::vector<ChangedSample>& samples, const std::string& title, std::size_t run,
                            const char* style) {
  if (samples.empty()) return "";
  std::string out = "<section class=\"panel\"><h3>" + html(title) + "</h3>\n";
  for (const ChangedSample& sample : samples) {
    std::string references;
    for (const std::string& reference : sample.references) references += (references.empty() ? "" : " \xC2\xB7 ") + reference;
    out += "<div class=\"changed\"><span class=\"by " + std::string(style) + "\">" +
           number_text("%+.2f", sample.scores[1] - sample.scores[0]) + "</span><div class=\"question\">" + html(sample.question) +
           "</div>\n<dl class=\"lines\">\n" + line("A", sample.predictions[0]) + line(run_letter(run), sample.predictions[1]) +
           (references.empty() ? "" : line("reference", references)) + "</dl>\n<div class=\"meta\">" + html(sample.id) +
           (sample.field.empty() ? "" : " \xC2\xB7 " + html(sample.field)) + "</div></div>\n";
  }
  return out + "</section>\n";
}

std::string changes(const Comparison& comparison, std::size_t run) {
  const std::string name = run_letter(run);
  const std::string out = changed_samples(comparison.gains[run - 1], "Greatest gains of " + name, run, "gain") +
                          changed_samples(comparison.losses[run - 1], "Greatest losses of " + name, run, "loss");
  return out.empty() ? "" : "<div class=\"panels after\">\n" + out + "</div>\n";
}

std::string confusion_panels(const Comparison& comparison, const std::vector<std::optional<ConfusionMatrix>>& confusions) {
  std::string out;
  for (std::size_t r = 0; r < confusions.size(); ++r)
    if (confusions[r]) out += confusion_panel(*confusions[r], run_letter(r) + "  " + comparison.runs[r]);
  return out.empty() ? "" : "<h2>Which expert answered</h2>\n<div class=\"panels\">\n" + out + "</div>\n";
}

std::string settings_table(const Comparison& comparison) {
  if (comparison.settings.empty()) return "";
  std::string out = "<h2>In what the runs differ</h2>\n<div class=\"panel scroll\"><table>\n<tr><th></th>";
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) out += "<th>" + run_letter(r) + "</th>";
  out += "</tr>\n";
  for (const auto& [key, values] : comparison.settings) {
    out += "<tr>" + cell(key, "soft");
    for (const std::string& value : values) out += cell(value.empty() ? "\xE2\x80\x93" : value, "mono");
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string reading(const Comparison& comparison) {
  const std::string unit = comparison.options.cluster_by_image ? "images, with all their samples" : "samples";
  const auto term = [](const char* name, const std::string& text) {
    return "<dt>" + std::string(name) + "</dt><dd>" + html(text) + "</dd>\n";
  };
  return "<section class=\"panel\"><h3>How it is computed</h3>\n<dl class=\"terms\">\n" +
         term("interval", "percentile bootstrap of the paired difference over " + unit + "; " +
                              std::to_string(comparison.options.resampling.count) + " resamples, seed " +
                              std::to_string(comparison.options.resampling.seed)) +
         term("p", "two-sided; signs of the differences flipped at random for " + unit) +
         term("McNemar", "mid-p; a score is right from " + number_text("%g", comparison.options.threshold) +
                             " on; samples taken as independent") +
         term("wins, losses", "samples whose score is higher, lower than in A") +
         "</dl>\n<p class=\"soft\">p-values are not corrected for the number of rows.</p></section>\n";
}

}  // namespace

std::string render_comparison(const Comparison& comparison, const std::vector<std::optional<ConfusionMatrix>>& confusions) {
  std::string out = page_head("zlens: comparison, " + comparison.task + " " + comparison.split) + head(comparison) +
                    runs_table(comparison) + "<h2>Differences</h2>\n" + "<div class=\"panels\">\n" +
                    differences_drawing(comparison) + reading(comparison) + "</div>\n";
  for (std::size_t r = 1; r < comparison.runs.size(); ++r) out += differences_table(comparison, r) + changes(comparison, r);
  return out + confusion_panels(comparison, confusions) + settings_table(comparison) + page_foot();
}

}  // namespace zlens
