// Charts: invented tables of numbers, questions about them and their descriptions as text. Free of torch and OpenCV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "synth/sample.h"
#include "synth/split.h"

namespace zlens::synth {

enum class ChartKind { Bar, GroupedBar, Line, Pie };
std::string_view chart_kind_name(ChartKind kind);  // bar, grouped bar, line, pie

// S series of C categories; values[s][c]. A pie has one series of percentages that sum to 100.
struct Chart {
  ChartKind kind = ChartKind::Bar;
  std::string title;
  std::string measure;        // what the numbers are: "coffee export"
  std::string unit;           // "thousand tons", "%" or empty
  std::string category_noun;  // "month", also the name of the category axis
  std::string series_noun;    // "company"; empty with one series
  std::vector<std::string> categories;
  std::vector<std::string> series;  // empty with one series
  std::vector<std::vector<Decimal>> values;
  std::string note;  // a line below the chart, mostly empty

  std::string printed(std::size_t s, std::size_t c) const;  // a value as the chart shows it: "12.5", "38%"
};

// How a description is laid out. Rows and Marks look as a chart's text does once it was read from a picture.
enum class ChartLayout { Table, Csv, Lines, Prose, Sentence, Rows, Marks };
inline constexpr ChartLayout kChartLayouts[] = {ChartLayout::Table,    ChartLayout::Csv,  ChartLayout::Lines, ChartLayout::Prose,
                                                ChartLayout::Sentence, ChartLayout::Rows, ChartLayout::Marks};

// All facts of the chart as text; the title (if any) is the first line, the note (if any) the last.
std::string describe(const Chart& chart, ChartLayout layout);

// Values at the ticks of an axis that starts at 0, and the largest of them, which is at or above every value: at most eight, at
// steps of 1, 2, 2.5 or 5 times a power of ten.
struct Axis {
  std::vector<Decimal> ticks;
  double top = 0;
};
Axis value_axis(const Chart& chart);

struct ChartOptions {
  std::optional<ChartKind> kind;      // default: any
  std::optional<ChartLayout> layout;  // of the text twin; default: any
  bool note_question = false;         // the question also stands below the chart
};

struct ChartSample {
  Chart chart;
  Sample sample;
  std::string key;  // the facts, for split_of
};

// All that the chart shows but its title, for split_of.
std::string chart_key(const Chart& chart);

// Fields: value, extremum, difference, sum. Metric: relaxed_accuracy for numbers, exact_match for names.
ChartSample make_chart(Rng& rng, Split split, const ChartOptions& options = {});

}  // namespace zlens::synth
