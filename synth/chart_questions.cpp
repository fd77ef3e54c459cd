#include "synth/chart_questions.h"

#include <algorithm>
#include <span>
#include <vector>

#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

// Placeholders: {m} the measure; {at}, {at2} a category with its preposition ("in March"); {of} the series, " of Norvin" or
// nothing; {k}, {k2} one value of the chart ("March", "Norvin in March"); {n}, {ns} what the categories are.
constexpr View kValue[] = {"What is the {m}{of} {at}?",        "What was the {m}{of} {at}?",   "How high was the {m}{of} {at}?",
                           "What is the value of {k}?",        "What value is shown for {k}?", "Give the {m}{of} {at}.",
                           "What does the chart show for {k}?"};
constexpr View kValueUnseen[] = {"According to the chart, what is the {m}{of} {at}?", "Read off the value for {k}.",
                                 "Which number belongs to {k}?"};
constexpr View kValueBrief[] = {"{k}?", "{k} = ?", "Value of {k}?"};
constexpr View kHighestName[] = {"Which {n} has the highest {m}{of}?", "Which {n} had the highest {m}{of}?",
                                 "For which {n} is the {m}{of} largest?", "Which {n} has the largest value{of}?"};
constexpr View kHighestNameUnseen[] = {"Name the {n} with the greatest {m}{of}.", "Find the {n} that leads in {m}{of}."};
constexpr View kHighestNameBrief[] = {"Highest {n}{of}?", "Largest {n}{of}?", "Which {n} is highest{of}?"};
constexpr View kLowestName[] = {"Which {n} has the lowest {m}{of}?", "Which {n} had the lowest {m}{of}?",
                                "For which {n} is the {m}{of} smallest?", "Which {n} has the smallest value{of}?"};
constexpr View kLowestNameUnseen[] = {"Name the {n} with the least {m}{of}.", "Find the {n} that comes last in {m}{of}."};
constexpr View kLowestNameBrief[] = {"Lowest {n}{of}?", "Smallest {n}{of}?", "Which {n} is lowest{of}?"};
constexpr View kHighest[] = {"What is the highest {m}{of}?", "What is the highest value{of}?", "What is the largest value{of}?"};
constexpr View kHighestUnseen[] = {"How far up does the {m}{of} go?", "What is the maximum{of}?"};
constexpr View kHighestBrief[] = {"Highest value{of}?", "Maximum{of}?"};
constexpr View kLowest[] = {"What is the lowest {m}{of}?", "What is the lowest value{of}?", "What is the smallest value{of}?"};
constexpr View kLowestUnseen[] = {"How far down does the {m}{of} go?", "What is the minimum{of}?"};
constexpr View kLowestBrief[] = {"Lowest value{of}?", "Minimum{of}?"};
constexpr View kDifference[] = {"How much more is the value of {k} than that of {k2}?",
                                "What is the difference between {k} and {k2}?", "How much higher is the {m} for {k} than for {k2}?",
                                "By how much does {k} exceed {k2}?"};
constexpr View kDifferenceUnseen[] = {"Subtract the value of {k2} from the value of {k}.", "How far is {k} above {k2}?"};
constexpr View kDifferenceBrief[] = {"{k} - {k2} = ?", "{k} minus {k2}?"};
constexpr View kSum[] = {"What is the sum of the values of {k} and {k2}?", "How much do {k} and {k2} add up to?",
                         "What is the total of {k} and {k2}?", "What is the {m} for {k} and {k2} together?"};
constexpr View kSumUnseen[] = {"What do {k} and {k2} make together?", "Combine the values of {k} and {k2}."};
constexpr View kSumBrief[] = {"{k} + {k2} = ?", "{k} plus {k2}?"};
constexpr View kSumAll[] = {"What is the sum of all values{of}?", "What is the total {m}{of} over all {ns}?"};
constexpr View kSumAllUnseen[] = {"Add up everything{of}.", "What do all {ns} make together{of}?"};
constexpr View kSumAllBrief[] = {"Sum of all{of}?", "Total{of}?"};

// By wording.
struct Phrases {
  std::span<const View> common, unseen, brief;

  View pick(Rng& rng, Wording wording) const {
    if (wording == Wording::Any)
      wording = rng.integer(1, static_cast<std::int64_t>(common.size() + unseen.size())) > static_cast<std::int64_t>(common.size())
                    ? Wording::Unseen
                    : Wording::Common;
    return rng.pick(wording == Wording::Common ? common : wording == Wording::Unseen ? unseen : brief);
  }
};

struct Place {
  std::size_t series, category;
};

struct Asked {
  const ChartToAsk& about;
  Rng& rng;
  Wording wording;

  bool unseen() const { return wording == Wording::Unseen; }
  const Chart& chart() const { return about.chart; }
  Decimal value(Place place) const { return chart().values[place.series][place.category]; }

  std::string at(Place place) const { return std::string(about.categories.preposition) + " " + chart().categories[place.category]; }
  std::string name(Place place) const {
    const std::string& category = chart().categories[place.category];
    return chart().series.empty() ? category : chart().series[place.series] + " " + at(place);
  }
  std::string of(Place place) const {
    if (chart().series.empty()) return "";
    const View preposition =
        about.series->preposition == "in" || about.series->preposition == "on" ? about.series->preposition : "of";
    return " " + std::string(preposition) + " " + chart().series[place.series];
  }

  std::string worded(const Phrases& phrases, Place first, Place second) const {
    const std::string m = chart().measure, k = name(first), k2 = name(second), where = at(first), whose = of(first);
    const Filling fillings[] = {{"m", m},
                                {"k", k},
                                {"k2", k2},
                                {"at", where},
                                {"of", whose},
                                {"n", about.categories.noun},
                                {"ns", about.categories.plural}};
    return fill(phrases.pick(rng, wording), fillings);
  }

  Sample number(std::string field, std::string question, Decimal answer) const {
    Sample sample{.field = std::move(field),
                  .question = std::move(question),
                  .answers = number_answers(answer),
                  .metric = "relaxed_accuracy",
                  .unseen = unseen()};
    if (chart().unit == "%") {
      // As printed first; without the sign counts, too.
      const std::vector<std::string> plain = sample.answers;
      sample.answers.clear();
      for (const std::string& text : plain) sample.answers.push_back(text + "%");
      sample.answers.insert(sample.answers.end(), plain.begin(), plain.end());
    }
    return sample;
  }

  Place draw() const {
    return {static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(chart().values.size()) - 1)),
            static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(chart().categories.size()) - 1))};
  }
  // Another place in the same series or, where there are more, in the same category.
  Place draw_other(Place first) const {
    for (;;) {
      const Place other = draw();
      const bool same_series = other.series == first.series, same_category = other.category == first.category;
      if (same_series != same_category) return other;
    }
  }

  Sample value_question() const {
    const Place place = draw();
    return number("value", worded({kValue, kValueUnseen, kValueBrief}, place, place), value(place));
  }

  Sample extremum() const {
    Place best = draw();
    const bool highest = rng.chance(0.5), by_name = rng.chance(0.6);
    for (std::size_t c = 0; c < chart().categories.size(); ++c) {
      const Decimal other = chart().values[best.series][c];
      if (highest ? value(best) < other : other < value(best)) best.category = c;
    }
    if (!by_name) {
      const std::string question = highest ? worded({kHighest, kHighestUnseen, kHighestBrief}, best, best)
                                           : worded({kLowest, kLowestUnseen, kLowestBrief}, best, best);
      return number("extremum", question, value(best));
    }
    return {.field = "extremum",
            .question = highest ? worded({kHighestName, kHighestNameUnseen, kHighestNameBrief}, best, best)
                                : worded({kLowestName, kLowestNameUnseen, kLowestNameBrief}, best, best),
            .answers = {chart().categories[best.category]},
            .metric = "exact_match",
            .unseen = unseen()};
  }

  Sample difference() const {
    Place first = draw(), second = draw_other(first);
    while (value(first) == value(second)) second = draw_other(first);
    if (value(first) < value(second)) std::swap(first, second);
    return number("difference", worded({kDifference, kDifferenceUnseen, kDifferenceBrief}, first, second),
                  value(first) - value(second));
  }

  Sample sum() const {
    const Place first = draw(), second = draw_other(first);
    // All shares are 100, and long sums are arithmetic, not reading.
    if (chart().kind == ChartKind::Pie || chart().categories.size() > 5 || rng.chance(0.6))
      return number("sum", worded({kSum, kSumUnseen, kSumBrief}, first, second), value(first) + value(second));
    Decimal total{0, 0};
    for (const Decimal value : chart().values[first.series]) total = total + value;
    return number("sum", worded({kSumAll, kSumAllUnseen, kSumAllBrief}, first, first), total);
  }
};

}  // namespace

Sample ask_about(Rng& rng, const ChartToAsk& about, Wording wording) {
  const Asked asked{about, rng, wording};
  const std::int64_t kind = rng.integer(0, 9);
  if (kind < 4) return asked.value_question();
  if (kind < 7) return asked.extremum();
  return kind < 9 ? asked.difference() : asked.sum();
}

std::vector<std::string> number_answers(Decimal value) {
  std::vector<std::string> out = {value.text()};
  if (const std::string shorter = value.trimmed().text(); shorter != out[0]) out.push_back(shorter);
  return out;
}

}  // namespace zlens::synth
