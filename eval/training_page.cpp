#include "eval/training_page.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "eval/drawing.h"
#include "eval/report_page.h"
#include "eval/svg_chart.h"
#include "eval/texts.h"

namespace zlens {
namespace {

using Logs = std::vector<const TrainingLog*>;

constexpr std::size_t kMostPoints = 150;  // of one series

int color_of(std::size_t log) {
  return static_cast<int>(log) % kDrawingColors;
}

// One number of the steps; where there are too many, means of as many steps each.
std::vector<ChartPoint> points_of(const TrainingLog& log, const std::string& key) {
  std::vector<ChartPoint> points;
  for (const auto& [step, numbers] : log.steps)
    if (const auto found = numbers.find(key); found != numbers.end()) points.push_back({static_cast<double>(step), found->second});
  const std::size_t each = (points.size() + kMostPoints - 1) / kMostPoints;
  if (each <= 1) return points;
  std::vector<ChartPoint> means;
  for (std::size_t begin = 0; begin < points.size(); begin += each) {
    const std::size_t end = std::min(begin + each, points.size());
    ChartPoint mean;
    for (std::size_t i = begin; i < end; ++i) mean = {mean.x + points[i].x, mean.y + points[i].y};
    means.push_back({mean.x / static_cast<double>(end - begin), mean.y / static_cast<double>(end - begin)});
  }
  return means;
}

std::optional<double> base_of(const TrainingLog& log) {
  for (const Validation& validation : log.validations)
    if (validation.base_score) return validation.base_score;
  return std::nullopt;
}

// One line where all logs have the same base, else one in each log's colour.
std::vector<BaseLine> base_lines(const Logs& logs) {
  std::vector<BaseLine> lines;
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (const auto base = base_of(*logs[i])) lines.push_back({"base", *base, color_of(i)});
  const auto alike = [&](const BaseLine& line) { return std::abs(line.y - lines[0].y) < 1e-9; };
  if (!lines.empty() && std::all_of(lines.begin(), lines.end(), alike)) {
    lines.resize(1);
    lines[0].color = -1;
  }
  for (std::size_t i = 1; i < lines.size(); ++i) lines[i].name.clear();
  return lines;
}

ChartSeries validation_series(const TrainingLog& log, const std::string& name, int color) {
  ChartSeries series{name, {}, LineStyle::Marked, color, std::nullopt};
  for (const Validation& validation : log.validations)
    series.points.push_back({static_cast<double>(validation.step), validation.score});
  if (const Validation* best = best_validation(log)) series.highlight = ChartPoint{static_cast<double>(best->step), best->score};
  return series;
}

// Where nothing but validation tells how a training goes, it is told of every field.
std::vector<ChartSeries> field_series(const TrainingLog& log) {
  std::map<std::string, ChartSeries> fields;
  for (const Validation& validation : log.validations)
    for (const auto& [field, score] : validation.by_field)
      fields[field].points.push_back({static_cast<double>(validation.step), score});
  std::vector<ChartSeries> out;
  for (auto& [field, series] : fields) {
    series.name = field;
    series.color = color_of(out.size() + 1);
    out.push_back(std::move(series));
  }
  return out;
}

bool has_rewards(const TrainingLog& log) {
  return std::any_of(log.steps.begin(), log.steps.end(), [](const auto& step) { return step.second.contains("reward"); });
}

// Label and value; the same labels for every log.
std::vector<std::pair<const char*, std::string>> facts_of(const TrainingLog& log) {
  const auto base = base_of(log);
  const Validation* best = best_validation(log);
  const std::string none = "\xE2\x80\x93";
  return {{"base", base ? number_text("%.4f", *base) : none},
          {"best", best != nullptr ? number_text("%.4f", best->score) : none},
          {"gain", base && best != nullptr ? number_text("%+.4f", best->score - *base) : none},
          {"at step", best != nullptr ? std::to_string(best->step) : none},
          {"steps", log.steps.empty() ? none : std::to_string(log.steps.rbegin()->first)}};
}

std::string figures(const TrainingLog& log) {
  std::string out = "<div class=\"top\">";
  for (const auto& [label, value] : facts_of(log)) out += figure(label, value);
  return out + "</div>\n";
}

std::string table_of(const Logs& logs) {
  std::string out = "<table><tr><th></th>";
  for (const auto& [label, unused] : facts_of(*logs[0])) out += "<th class=\"num\">" + std::string(label) + "</th>";
  out += "</tr>\n";
  for (const TrainingLog* log : logs) {
    out += "<tr><td class=\"name\">" + html(log->name) + "</td>";
    for (const auto& [unused, value] : facts_of(*log)) out += "<td class=\"num\">" + value + "</td>";
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

std::string by_field_table(const TrainingLog& log) {
  const Validation* best = best_validation(log);
  if (best == nullptr || best->by_field.empty()) return "";
  const Validation& first = log.validations.front();
  std::string out = "<table><tr><th>field</th><th class=\"num\">step " + std::to_string(first.step) +
                    "</th><th class=\"num\">step " + std::to_string(best->step) + "</th></tr>\n";
  for (const auto& [field, score] : best->by_field) {
    const auto before = first.by_field.find(field);
    out += "<tr><td class=\"name\">" + html(field) + "</td><td class=\"num\">" +
           (before == first.by_field.end() ? "\xE2\x80\x93" : number_text("%.4f", before->second)) + "</td><td class=\"num\">" +
           number_text("%.4f", score) + "</td></tr>\n";
  }
  return out + "</table>\n";
}

std::string by_field(const Logs& logs) {
  std::string tables;
  for (const TrainingLog* log : logs) {
    const std::string table = by_field_table(*log);
    if (!table.empty() && logs.size() > 1) tables += "<p><b>" + html(log->name) + "</b></p>\n";
    tables += table;
  }
  return tables.empty() ? "" : "<details><summary>Validation by field</summary>" + tables + "</details>\n";
}

struct Multiple {
  const char* key;
  const char* label;
};
constexpr Multiple kMultiples[] = {{"loss", "loss"},
                                   {"label_loss", "loss of the labels"},
                                   {"kl", "KL to the base"},
                                   {"grad_norm", "gradient norm"},
                                   {"lr", "learning rate"},
                                   {"signal", "prompts with signal"},
                                   {"drift", "drift of the rollouts"},
                                   {"tokens", "tokens"}};

std::string multiples(const Logs& logs) {
  std::string charts;
  for (const Multiple& multiple : kMultiples) {
    LineChart chart{.label = std::string(multiple.label) + " by step", .y_label = multiple.label, .width = 210, .height = 128};
    chart.legend = false;
    for (std::size_t i = 0; i < logs.size(); ++i) {
      auto points = points_of(*logs[i], multiple.key);
      if (!points.empty()) chart.series.push_back({"", std::move(points), LineStyle::Plain, color_of(i), {}});
    }
    if (!chart.series.empty()) charts += line_chart(chart);
  }
  return charts.empty()
             ? ""
             : "<details><summary>Loss, KL, gradient, signal</summary><div class=\"multiples\">\n" + charts + "</div></details>\n";
}

// What a reader of the chart must know.
std::string notes(const Logs& logs) {
  std::size_t most = 0;
  std::string out;
  for (const TrainingLog* log : logs) {
    most = std::max(most, log->steps.size());
    if (log->imitated > 0)
      out += "<p class=\"soft\">" + (logs.size() > 1 ? html(log->name) + ": " : "") + std::to_string(log->imitated) +
             " of the steps imitate answers: they have no training reward.</p>\n";
  }
  if (most > kMostPoints)
    out += "<p class=\"soft\">Each point of the training reward is the mean of up to " +
           std::to_string((most + kMostPoints - 1) / kMostPoints) + " steps.</p>\n";
  return out;
}

std::string panel(const Logs& logs) {
  const TrainingLog& first = *logs[0];
  std::string out = "<section class=\"panel\"><h3>" + html(logs.size() == 1 ? first.name : first.task);
  if (logs.size() == 1 && first.task != first.name) out += " <span class=\"soft\">" + html(first.task) + "</span>";
  out += "</h3>\n";
  if (logs.size() == 1) out += figures(first);
  out += training_chart(logs);
  out += notes(logs);
  if (logs.size() > 1) out += table_of(logs);
  return out + by_field(logs) + multiples(logs) + "</section>\n";
}

}  // namespace

std::string training_chart(const Logs& logs) {
  LineChart chart{.label = "Validation score and training reward of " + logs[0]->task + " by step", .x_label = "step"};
  chart.base_lines = base_lines(logs);
  for (std::size_t i = 0; i < logs.size(); ++i)
    chart.series.push_back(validation_series(*logs[i], logs.size() == 1 ? "validation" : logs[i]->name, color_of(i)));
  for (std::size_t i = 0; i < logs.size(); ++i) {
    auto points = points_of(*logs[i], "reward");
    if (!points.empty())
      chart.series.push_back({i > 0 ? "" : "training reward", std::move(points), LineStyle::Faint, color_of(i), std::nullopt});
  }
  if (logs.size() == 1 && !has_rewards(*logs[0]))
    for (ChartSeries& series : field_series(*logs[0])) chart.series.push_back(std::move(series));
  return line_chart(chart);
}

std::string render_training(const std::vector<TrainingLog>& logs) {
  std::vector<std::pair<std::string, Logs>> tasks;  // in the order of the logs
  for (const TrainingLog& log : logs) {
    const std::string key = log.task + "\n" + plain_text(log.config.value("data_sha256", Json()));
    const auto found = std::find_if(tasks.begin(), tasks.end(), [&](const auto& entry) { return entry.first == key; });
    if (found == tasks.end()) {
      tasks.emplace_back(key, Logs{&log});
    } else {
      found->second.push_back(&log);
    }
  }
  std::string out =
      page_head("zlens: training") +
      "<header>\n<h1>Training</h1>\n<p class=\"soft\">Validation score and training reward by step; the dotted line is the "
      "base, the ring the step whose expert was kept.</p>\n</header>\n<div class=\"panels\">\n";
  for (const auto& [key, of_task] : tasks) out += panel(of_task);
  out += "</div>\n";
  for (const TrainingLog& log : logs) out += settings_section("Configuration of " + log.name, log.config);
  return out + page_foot();
}

}  // namespace zlens
