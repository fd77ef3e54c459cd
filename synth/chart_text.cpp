#include <algorithm>
#include <cmath>

#include "synth/chart.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

std::string joined(const std::vector<std::string>& parts, const std::string& between) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : between) + part;
  return out;
}

// "a", "a and b", "a, b and c"
std::string listed(const std::vector<std::string>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return out;
}

bool unit_in_header(const Chart& chart) {
  return !chart.unit.empty() && chart.unit != "%";
}

std::vector<std::string> value_names(const Chart& chart) {
  return chart.series.empty() ? std::vector<std::string>{capitalized(chart.measure)} : chart.series;
}

// A value with its series' name where there are several: "Norvin 14".
std::vector<std::string> named_values(const Chart& chart, std::size_t c, const std::string& between) {
  std::vector<std::string> out;
  for (std::size_t s = 0; s < chart.values.size(); ++s)
    out.push_back((chart.series.empty() ? "" : chart.series[s] + between) + chart.printed(s, c));
  return out;
}

std::string grid(const Chart& chart, const std::string& between) {
  std::vector<std::string> header = value_names(chart);
  header.insert(header.begin(), capitalized(chart.category_noun));
  std::string out = joined(header, between);
  for (std::size_t c = 0; c < chart.categories.size(); ++c) {
    std::vector<std::string> row = {chart.categories[c]};
    for (std::size_t s = 0; s < chart.values.size(); ++s) row.push_back(chart.printed(s, c));
    out += "\n" + joined(row, between);
  }
  return out;
}

std::string lines(const Chart& chart) {
  std::string out;
  for (std::size_t c = 0; c < chart.categories.size(); ++c)
    out += (c ? "\n" : "") + chart.categories[c] + ": " + joined(named_values(chart, c, " "), ", ");
  return out;
}

std::string prose(const Chart& chart) {
  std::string out = "The chart shows the " + chart.measure + " of each " + chart.category_noun + ".";
  for (std::size_t c = 0; c < chart.categories.size(); ++c) {
    std::vector<std::string> values;
    for (std::size_t s = 0; s < chart.values.size(); ++s)
      values.push_back(chart.printed(s, c) + (chart.series.empty() ? "" : " for " + chart.series[s]));
    out += " The value of " + chart.categories[c] + " is " + listed(values) + ".";
  }
  return out;
}

std::string sentence(const Chart& chart) {
  std::string out;
  for (std::size_t s = 0; s < chart.values.size(); ++s) {
    std::vector<std::string> values;
    for (std::size_t c = 0; c < chart.categories.size(); ++c) values.push_back(chart.categories[c] + " " + chart.printed(s, c));
    out += (s ? "\n" : "") + value_names(chart)[s] + ": " + listed(values) + ".";
  }
  return out;
}

// As vertical bars are read from a picture: ticks from the top, a row of values, a row of names, the legend.
std::string rows(const Chart& chart) {
  std::vector<std::string> out;
  const Axis axis = value_axis(chart);
  if (chart.kind != ChartKind::Pie)
    for (std::size_t i = axis.ticks.size(); i-- > 0;) out.push_back(axis.ticks[i].text());
  out.push_back(joined(chart.categories, " "));
  for (std::size_t s = 0; s < chart.values.size(); ++s) {
    std::string row = chart.series.empty() ? "" : chart.series[s];
    for (std::size_t c = 0; c < chart.categories.size(); ++c) row += (row.empty() ? "" : " ") + chart.printed(s, c);
    out.push_back(row);
  }
  return joined(out, "\n");
}

// As bars that lie, or the labels of a pie, are read from a picture: a name and its values in each line, the ticks below.
std::string marks(const Chart& chart) {
  std::vector<std::string> out;
  if (!chart.series.empty()) out.push_back(joined(chart.series, " "));
  for (std::size_t c = 0; c < chart.categories.size(); ++c)
    out.push_back(chart.categories[c] + " " + joined(named_values(chart, c, " "), " "));
  if (chart.kind != ChartKind::Pie) {
    std::string ticks;
    for (const Decimal tick : value_axis(chart).ticks) ticks += (ticks.empty() ? "" : " ") + tick.text();
    out.push_back(ticks);
  }
  return joined(out, "\n");
}

std::string body(const Chart& chart, ChartLayout layout) {
  switch (layout) {
    case ChartLayout::Table:
      return grid(chart, " | ");
    case ChartLayout::Csv:
      return grid(chart, ",");
    case ChartLayout::Lines:
      return lines(chart);
    case ChartLayout::Prose:
      return prose(chart);
    case ChartLayout::Sentence:
      return sentence(chart);
    case ChartLayout::Rows:
      return rows(chart);
    case ChartLayout::Marks:
      break;
  }
  return marks(chart);
}

}  // namespace

std::string describe(const Chart& chart, ChartLayout layout) {
  std::string out = chart.title + (unit_in_header(chart) ? " (" + chart.unit + ")" : "");
  out += (out.empty() ? "" : "\n") + body(chart, layout);
  return chart.note.empty() ? out : out + "\n" + chart.note;
}

Axis value_axis(const Chart& chart) {
  double highest = 0;
  for (const auto& row : chart.values)
    for (const Decimal value : row) highest = std::max(highest, value.value());
  // Steps of 10, 20, 25 and 50 hundredths, then tenths, and so on, until at most seven of them reach the highest value.
  constexpr std::int64_t kSteps[] = {10, 20, 25, 50};
  Decimal step{1, 2};
  for (std::int64_t power = 1;; power *= 10) {
    bool found = false;
    for (const std::int64_t candidate : kSteps) {
      step = {candidate * power, 2};
      if ((found = step.value() * 7 >= highest)) break;
    }
    if (found) break;
  }
  Axis axis;
  const int places = step.trimmed().places;
  for (std::int64_t i = 0; axis.ticks.empty() || axis.top < highest; ++i) {
    axis.ticks.push_back({step.trimmed().units * i, places});
    axis.top = axis.ticks.back().value();
  }
  return axis;
}

}  // namespace zlens::synth
