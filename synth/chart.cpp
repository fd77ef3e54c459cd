#include "synth/chart.h"

#include <algorithm>
#include <set>

#include "synth/chart_questions.h"
#include "synth/chart_topics.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

// What a chart will be about.
struct Plan {
  ChartKind kind{};
  const Topic* topic = nullptr;
  Names categories{};
  std::optional<Names> series;
};

ChartKind draw_kind(Rng& rng) {
  return rng.pick(std::vector{ChartKind::Bar, ChartKind::GroupedBar, ChartKind::Line, ChartKind::Pie});
}

// Different numbers, so that each extremum is one category.
std::vector<Decimal> draw_values(Rng& rng, const Topic& topic, std::size_t count) {
  // Real series rarely use their whole range.
  const std::int64_t span =
      std::max<std::int64_t>(static_cast<std::int64_t>(count) * 2, (topic.high - topic.low) / rng.integer(1, 3));
  const std::int64_t low = rng.integer(topic.low, std::max(topic.low, topic.high - span));
  std::set<std::int64_t> taken;
  std::vector<Decimal> out;
  while (out.size() < count) {
    const std::int64_t units = rng.integer(low, low + span);
    if (taken.insert(units).second) out.push_back({units, topic.places});
  }
  return out;
}

// Different percentages of at least `least` that sum to 100.
std::vector<Decimal> draw_shares(Rng& rng, std::size_t count, std::int64_t least) {
  const auto n = static_cast<std::int64_t>(count);
  for (;;) {
    std::set<std::int64_t> cuts;  // the rest after everyone's least is cut into n pieces
    const std::int64_t rest = 100 - n * least;
    while (static_cast<std::int64_t>(cuts.size()) < n - 1) cuts.insert(rng.integer(0, rest));
    std::vector<Decimal> out;
    std::set<std::int64_t> different;
    std::int64_t before = 0;
    cuts.insert(rest);
    for (const std::int64_t cut : cuts) {
      out.push_back({cut - before + least, 0});
      different.insert(cut - before);
      before = cut;
    }
    if (out.size() == count && different.size() == count) return out;
  }
}

std::string draw_title(Rng& rng, const Chart& chart, const Plan& plan, bool unseen) {
  const std::string about = capitalized(chart.measure), noun = chart.category_noun;
  switch (rng.integer(0, 3)) {
    case 0:
      return about + " by " + noun;
    case 1:
      return about + " per " + noun + (chart.series.empty() ? "" : " and " + chart.series_noun);
    case 2:
      return about;
    default:
      break;
  }
  if (chart.kind == ChartKind::Pie) return about + ", " + std::to_string(rng.integer(1995, 2029));
  const auto is_place = [](Names names) { return names == Names::Countries || names == Names::Cities; };
  if (is_place(plan.categories) || (plan.series && is_place(*plan.series))) return about + " in comparison";
  return about + " in " + kCountries.pick(rng, unseen);
}

// Along ordered names a line or bars, along others bars.
ChartKind fitting(ChartKind kind, const Topic& topic, Names categories) {
  if (kind == ChartKind::GroupedBar && topic.series.empty()) return ChartKind::Bar;
  return kind == ChartKind::Line && !info_of(categories).ordered ? ChartKind::Bar : kind;
}

Plan draw_plan(Rng& rng, const ChartOptions& options, bool unseen) {
  const ChartKind wanted = options.kind.value_or(draw_kind(rng));
  for (;;) {
    Plan plan;
    plan.topic = &rng.pick(wanted == ChartKind::Pie ? pie_topics(unseen) : chart_topics(unseen));
    plan.categories = rng.pick(plan.topic->categories);
    plan.kind = fitting(wanted, *plan.topic, plan.categories);
    if (options.kind && plan.kind != wanted) continue;
    const bool may_have_series = plan.kind == ChartKind::Line && !plan.topic->series.empty();
    if (plan.kind == ChartKind::GroupedBar || (may_have_series && rng.chance(0.5))) plan.series = rng.pick(plan.topic->series);
    if (plan.series != plan.categories) return plan;
  }
}

Chart draw_chart(Rng& rng, const Plan& plan, bool unseen) {
  Chart chart;
  chart.kind = plan.kind;
  chart.measure = plan.topic->measure;
  chart.unit = plan.topic->unit;
  chart.category_noun = info_of(plan.categories).noun;
  const std::size_t series = plan.series ? static_cast<std::size_t>(rng.integer(2, 3)) : 1;
  const std::size_t most = plan.series || plan.kind == ChartKind::Pie ? 6 : 8;
  const std::size_t room = std::min(most_names(plan.categories, unseen), most);
  const auto count = static_cast<std::size_t>(rng.integer(3, static_cast<std::int64_t>(room)));
  chart.categories = draw_names(rng, plan.categories, count, unseen);
  if (plan.series) {
    chart.series_noun = info_of(*plan.series).noun;
    chart.series = draw_names(rng, *plan.series, series, unseen);
  }
  for (std::size_t s = 0; s < series; ++s)
    chart.values.push_back(plan.kind == ChartKind::Pie ? draw_shares(rng, count, plan.topic->low)
                                                       : draw_values(rng, *plan.topic, count));
  chart.title = draw_title(rng, chart, plan, unseen);
  return chart;
}

}  // namespace

std::string_view chart_kind_name(ChartKind kind) {
  constexpr std::string_view kNames[] = {"bar", "grouped bar", "line", "pie"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string Chart::printed(std::size_t s, std::size_t c) const {
  return values[s][c].text() + (unit == "%" ? "%" : "");
}

std::string chart_key(const Chart& chart) {
  std::string key = "chart";
  for (const std::string& name : chart.series) key += "|" + name;
  for (const std::string& name : chart.categories) key += "|" + name;
  for (const auto& row : chart.values)
    for (const Decimal value : row) key += "|" + value.text();
  return key;
}

ChartSample make_chart(Rng& rng, Split split, const ChartOptions& options) {
  ChartSample out = in_split(rng, split, [&](Rng& draw) {
    const bool unseen = draw_unseen(draw, split);
    const Plan plan = draw_plan(draw, options, unseen);
    ChartSample made;
    made.chart = draw_chart(draw, plan, unseen);
    made.key = chart_key(made.chart);
    made.sample = ask_about(draw, {made.chart, info_of(plan.categories), plan.series ? &info_of(*plan.series) : nullptr},
                            unseen ? Wording::Unseen : Wording::Common);
    return made;
  });
  if (options.note_question) out.chart.note = "Question: " + out.sample.question;
  out.sample.text = describe(out.chart, options.layout.value_or(rng.pick(kChartLayouts)));
  return out;
}

}  // namespace zlens::synth
