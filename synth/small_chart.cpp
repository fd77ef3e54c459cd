#include "synth/small_chart.h"

#include <algorithm>
#include <set>

#include "synth/chart_questions.h"
#include "synth/reading_words.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

// `unseen` may be empty: names that have no others.
struct ShortNames {
  NamesInfo info;
  std::span<const View> common, unseen;

  std::span<const View> part(bool unseen_part) const { return unseen_part && !unseen.empty() ? unseen : common; }
};

constexpr View kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr View kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr View kQuarters[] = {"Q1", "Q2", "Q3", "Q4"};
constexpr View kYears[] = {"2016", "2017", "2018", "2019", "2020", "2021", "2022", "2023", "2024"};
constexpr View kCities[] = {"Oslo", "Lima", "Rome", "Cairo", "Kyoto", "Leeds", "Bern", "Quito", "Milan", "Accra", "Paris"};
constexpr View kCitiesUnseen[] = {"Porto", "Riga", "Tunis", "Osaka", "Hanoi", "Graz", "Malmo"};
constexpr View kPeople[] = {"Tom", "Mia", "Leo", "Ann", "Ben", "Eva", "Sam", "Lena", "Omar", "Felix", "Ruth"};
constexpr View kPeopleUnseen[] = {"Ida", "Raj", "Zoe", "Emil", "Yuki", "Greta", "Tara"};
constexpr View kFruits[] = {"Apple", "Pear", "Plum", "Kiwi", "Lemon", "Fig", "Grape", "Cherry"};
constexpr View kFruitsUnseen[] = {"Mango", "Melon", "Peach", "Lime", "Quince", "Olive"};
constexpr View kDrinks[] = {"Tea", "Milk", "Juice", "Water", "Cola", "Coffee"};
constexpr View kDrinksUnseen[] = {"Cocoa", "Soda", "Cider", "Tonic", "Punch"};
constexpr View kAnimals[] = {"Cat", "Dog", "Hen", "Cow", "Pig", "Fox", "Owl", "Horse"};
constexpr View kAnimalsUnseen[] = {"Bee", "Goat", "Hare", "Wolf", "Duck", "Swan"};
constexpr View kLetters[] = {"J", "K", "L", "M", "Q", "V", "X", "Z"};
constexpr View kLettersUnseen[] = {"B", "D", "E", "G", "T", "U"};

constexpr ShortNames kOrdered[] = {{{"month", "months", "in", true}, kMonths, {}},
                                   {{"day", "days", "on", true}, kDays, {}},
                                   {{"quarter", "quarters", "in", true}, kQuarters, {}},
                                   {{"year", "years", "in", true}, kYears, {}}};
constexpr ShortNames kOthers[] = {
    {{"city", "cities", "in", false}, kCities, kCitiesUnseen},       {{"person", "people", "for", false}, kPeople, kPeopleUnseen},
    {{"fruit", "fruits", "for", false}, kFruits, kFruitsUnseen},     {{"drink", "drinks", "for", false}, kDrinks, kDrinksUnseen},
    {{"animal", "animals", "for", false}, kAnimals, kAnimalsUnseen}, {{"item", "items", "for", false}, kLetters, kLettersUnseen}};

constexpr ShortNames kBrands = {{"brand", "brands", "for", false}, {}, {}};  // any word will do
constexpr double kBrandShare = 0.4;

constexpr View kMeasures[] = {"price", "score", "stock", "income", "weight", "output", "demand", "rating"};
constexpr View kMeasuresUnseen[] = {"profit", "cost", "speed", "yield"};

// Values are multiples of `step`.
struct Scale {
  std::int64_t low, high, step;
};
constexpr Scale kScales[] = {{1, 10, 1},  {2, 20, 1},   {5, 50, 5},    {6, 60, 1},
                             {10, 99, 1}, {10, 100, 5}, {10, 100, 10}, {50, 500, 50}};
constexpr std::size_t kScalesOfTwoDigits = 5;  // a bar of several has no room for more

// Letters that a name may have where `count` of them stand in a row of 128 pixels.
std::size_t longest_name(std::size_t count) {
  return count <= 3 ? 6 : count == 4 ? 4 : 3;
}

bool is_unseen_name(View word) {
  return std::any_of(std::begin(kOthers), std::end(kOthers), [&](const ShortNames& names) {
    return std::find(names.unseen.begin(), names.unseen.end(), word) != names.unseen.end();
  });
}

std::vector<std::string> draw_brands(Rng& rng, std::size_t count, std::size_t longest) {
  std::set<std::string> taken;
  std::vector<std::string> out;
  while (out.size() < count) {
    std::string word = capitalized(draw_word(rng));
    if (word.size() <= longest && !is_unseen_name(word) && taken.insert(word).second) out.push_back(std::move(word));
  }
  return out;
}

// As many neighbours, or different ones in any order; none where there are too few.
std::vector<std::string> draw_names(Rng& rng, const ShortNames& names, std::size_t count, std::size_t longest, bool unseen) {
  if (&names == &kBrands) return unseen ? std::vector<std::string>() : draw_brands(rng, count, longest);
  std::vector<std::string> fitting;
  for (const View name : names.part(unseen))
    if (name.size() <= longest) fitting.emplace_back(name);
  if (fitting.size() < count) return {};
  if (!names.info.ordered) return rng.pick_some(fitting, count);
  const auto first = rng.integer(0, static_cast<std::int64_t>(fitting.size() - count));
  return {fitting.begin() + first, fitting.begin() + first + static_cast<std::int64_t>(count)};
}

std::vector<Decimal> draw_values(Rng& rng, const Scale& scale, std::size_t count) {
  std::set<std::int64_t> taken;
  std::vector<Decimal> out;
  while (out.size() < count) {
    const std::int64_t value = rng.integer(scale.low / scale.step, scale.high / scale.step) * scale.step;
    if (value >= scale.low && taken.insert(value).second) out.push_back({value, 0});
  }
  return out;
}

// Different multiples of 5 % that sum to 100, of at least 10 % where there are few of them.
std::vector<Decimal> draw_shares(Rng& rng, std::size_t count) {
  const std::int64_t least = count < 5 ? 2 : 1;
  for (;;) {
    std::set<std::int64_t> taken;
    std::vector<Decimal> out;
    std::int64_t left = 100;
    for (std::size_t i = 0; i + 1 < count; ++i) {
      out.push_back({5 * rng.integer(least, 14), 0});
      left -= out.back().units;
      taken.insert(out.back().units);
    }
    out.push_back({left, 0});
    taken.insert(left);
    if (left >= 5 * least && taken.size() == count) return out;
  }
}

struct Plan {
  ChartKind kind{};
  const ShortNames* categories = nullptr;
  const ShortNames* series = nullptr;
  std::size_t count = 0, series_count = 1;
};

Plan draw_plan(Rng& rng, const ChartOptions& options) {
  constexpr ChartKind kKinds[] = {ChartKind::Bar, ChartKind::Bar, ChartKind::GroupedBar, ChartKind::Line, ChartKind::Pie};
  constexpr ChartKind kOneSeries[] = {ChartKind::Bar, ChartKind::Bar, ChartKind::Line, ChartKind::Pie};
  Plan plan;
  plan.kind = options.kind.value_or(options.note_question ? rng.pick(kOneSeries) : rng.pick(kKinds));
  const bool grouped = plan.kind == ChartKind::GroupedBar;
  const bool lines = plan.kind == ChartKind::Line && !options.note_question && rng.chance(0.3);
  // Letters would be lost beside the names of series.
  const auto others = std::span(kOthers).first(std::size(kOthers) - (grouped || lines ? 1 : 0));
  const bool ordered = plan.kind == ChartKind::Line || (plan.kind != ChartKind::Pie && rng.chance(0.4));
  const auto pick = [&] { return rng.chance(kBrandShare) ? &kBrands : &rng.pick(others); };
  plan.categories = ordered ? &rng.pick(kOrdered) : pick();
  while ((grouped || lines) && (!plan.series || plan.series == plan.categories)) plan.series = pick();
  const std::int64_t most = plan.kind == ChartKind::Pie ? 5 : grouped || lines ? 3 : 6;
  plan.count = static_cast<std::size_t>(rng.integer(plan.kind == ChartKind::Line || plan.kind == ChartKind::Pie ? 3 : 2, most));
  if (plan.series) plan.series_count = grouped && plan.count == 2 && rng.chance(0.4) ? 3 : 2;
  return plan;
}

// Nothing where the names do not fit.
bool draw_chart(Rng& rng, const Plan& plan, bool unseen, Chart& chart) {
  const bool row = plan.kind == ChartKind::Line || plan.kind == ChartKind::GroupedBar;
  chart.kind = plan.kind;
  chart.measure = plan.kind == ChartKind::Pie ? "share" : unseen ? rng.pick(kMeasuresUnseen) : rng.pick(kMeasures);
  chart.unit = plan.kind == ChartKind::Pie ? "%" : "";
  chart.category_noun = plan.categories->info.noun;
  chart.categories = draw_names(rng, *plan.categories, plan.count, row ? longest_name(plan.count) : 6, unseen);
  if (plan.series) {
    chart.series_noun = plan.series->info.noun;
    chart.series = draw_names(rng, *plan.series, plan.series_count, plan.series_count == 3 ? 4 : 6, unseen);
  }
  const auto scales = std::span(kScales).first(plan.kind == ChartKind::GroupedBar ? kScalesOfTwoDigits : std::size(kScales));
  const Scale& scale = rng.pick(scales);
  for (std::size_t s = 0; s < plan.series_count; ++s)
    chart.values.push_back(plan.kind == ChartKind::Pie ? draw_shares(rng, plan.count) : draw_values(rng, scale, plan.count));
  const double title = rng.real();
  if (title < 0.6) chart.title = capitalized(chart.measure) + (title < 0.3 ? " by " + chart.category_noun : "");
  return !chart.categories.empty() && chart.series.empty() == !plan.series;
}

}  // namespace

SmallChartSample make_small_chart(Rng& rng, Split split, const ChartOptions& options) {
  const auto make = [&](Rng& draw) {
    const bool unseen = draw_unseen(draw, split);
    SmallChartSample out;
    Plan plan;
    do {
      out.chart = {};
      plan = draw_plan(draw, options);
    } while (!draw_chart(draw, plan, unseen, out.chart.chart));
    Chart& chart = out.chart.chart;
    const ChartToAsk about{chart, plan.categories->info, plan.series ? &plan.series->info : nullptr};
    const Wording wording = options.note_question ? Wording::Brief : Wording::Any;
    out.sample = ask_about(draw, about, wording);
    for (int i = 0; i < kMoreQuestions && !options.note_question; ++i) out.more.push_back(ask_about(draw, about, wording));
    out.sample.unseen = unseen;
    out.key = chart_key(chart);
    return out;
  };
  SmallChartSample out = in_split(rng, split, make);
  if (options.note_question) out.chart.chart.note = out.sample.question;
  out.sample.text = describe(out.chart.chart, options.layout.value_or(rng.pick(kChartLayouts)));
  for (Sample& other : out.more) {
    other.unseen = out.sample.unseen;
    other.text = out.sample.text;
  }
  return out;
}

}  // namespace zlens::synth
