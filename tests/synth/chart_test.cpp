#include "synth/chart.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "eval/metrics.h"
#include "synth/chart_topics.h"
#include "tests/synth/solvers.h"

namespace zlens::synth {
namespace {

ChartSample chart(std::uint64_t seed, Split split, const ChartOptions& options = {}) {
  Rng rng(seed);
  return make_chart(rng, split, options);
}

test::ChartNames names_of(const Chart& chart) {
  return {chart.categories, chart.series};
}

TEST(Chart, EveryLayoutTellsTheSameNumbers) {
  std::set<ChartKind> kinds;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Chart made = chart(seed, seed % 2 ? Split::Train : Split::Test, {.note_question = seed % 3 == 0}).chart;
    kinds.insert(made.kind);
    for (const ChartLayout layout : kChartLayouts) {
      const std::string text = describe(made, layout);
      const auto read = test::read_chart(text, names_of(made));
      ASSERT_EQ(read.size(), made.values.size()) << text;
      for (std::size_t s = 0; s < read.size(); ++s) {
        ASSERT_EQ(read[s].size(), made.categories.size()) << text;
        for (std::size_t c = 0; c < read[s].size(); ++c) ASSERT_EQ(read[s][c], test::number(made.values[s][c].text())) << text;
      }
    }
  }
  EXPECT_EQ(kinds.size(), 4u);
}

TEST(Chart, AnswersFollowFromTheTextAlone) {
  std::map<std::string, int> fields;
  for (const Split split : {Split::Train, Split::Val, Split::Test}) {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      const ChartSample made = chart(seed, split);
      const Sample& sample = made.sample;
      ++fields[sample.field];
      const std::string answer = test::solve_chart(sample.text, names_of(made.chart), sample.question);
      EXPECT_EQ(find_metric(sample.metric).score({answer, sample.answers, {}}), 1) << sample.text << "\n"
                                                                                   << sample.question << "\n"
                                                                                   << answer << " / " << sample.answers[0];
      // The metric forgives 5 %: the answer itself must be exact.
      bool exact = false;
      for (const std::string& reference : sample.answers)
        exact = exact || reference == answer || (sample.metric != "exact_match" && test::number(reference) == test::number(answer));
      EXPECT_TRUE(exact) << sample.question << ": " << answer << " / " << sample.answers[0];
    }
  }
  EXPECT_EQ(fields.size(), 4u);
  for (const auto& [field, count] : fields) EXPECT_GT(count, 60) << field;
}

TEST(Chart, PiesSumToAHundredAndSeriesHaveNoTies) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Chart made = chart(seed, Split::Train).chart;
    for (const auto& row : made.values) {
      std::set<std::int64_t> different;
      Decimal sum{0, 0};
      for (const Decimal value : row) {
        different.insert(value.units);
        sum = sum + value;
        EXPECT_GT(value.units, 0);
      }
      EXPECT_EQ(different.size(), row.size());
      EXPECT_TRUE(made.kind != ChartKind::Pie || sum.text() == "100");
    }
  }
}

TEST(Chart, OptionsChooseKindAndLayout) {
  for (const ChartKind kind : {ChartKind::Bar, ChartKind::GroupedBar, ChartKind::Line, ChartKind::Pie}) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      const ChartSample made = chart(seed, Split::Train, {.kind = kind, .layout = ChartLayout::Table});
      EXPECT_EQ(made.chart.kind, kind);
      EXPECT_EQ(made.sample.text, describe(made.chart, ChartLayout::Table));
      EXPECT_EQ(made.chart.series.empty(), made.chart.values.size() == 1);
    }
  }
}

TEST(Chart, AxesReachTheirValuesInFewRoundSteps) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Chart made = chart(seed, Split::Train).chart;
    const Axis axis = value_axis(made);
    ASSERT_GE(axis.ticks.size(), 3u);
    EXPECT_LE(axis.ticks.size(), 8u);
    EXPECT_EQ(axis.ticks[0].units, 0);
    EXPECT_EQ(axis.ticks.back().value(), axis.top);
    for (const auto& row : made.values)
      for (const Decimal value : row) EXPECT_LE(value.value(), axis.top);
  }
}

TEST(Chart, UnseenNamesAndTopicsAreNotInTheCommonOnes) {
  std::set<std::string_view> measures;
  for (const Topic& topic : chart_topics(false)) measures.insert(topic.measure);
  for (const Topic& topic : pie_topics(false)) measures.insert(topic.measure);
  for (const bool pie : {false, true})
    for (const Topic& topic : pie ? pie_topics(true) : chart_topics(true)) EXPECT_FALSE(measures.contains(topic.measure));
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    EXPECT_FALSE(chart(seed, Split::Train).sample.unseen);
    EXPECT_FALSE(chart(seed, Split::Val).sample.unseen);
  }
  int unseen = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const ChartSample made = chart(seed, Split::Test);
    unseen += made.sample.unseen;
    EXPECT_EQ(made.sample.unseen, !measures.contains(made.chart.measure));
  }
  EXPECT_NEAR(unseen, 150, 40);
}

}  // namespace
}  // namespace zlens::synth
