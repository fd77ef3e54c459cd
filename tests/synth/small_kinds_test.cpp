// Exercises, scenes and charts of small pictures: their texts answer their questions, found by code that shares nothing with the
// generators.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "eval/metrics.h"
#include "io/error.h"
#include "synth/kinds.h"
#include "tests/synth/solvers.h"

namespace zlens::synth {
namespace {

Document at(const char* kind, std::uint64_t index, Split split = Split::Train, const std::vector<std::string>& fields = {}) {
  return find_kind(kind).make({23, split, index}, {.fields = fields});
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string without(std::string text, const std::string& characters) {
  std::erase_if(text, [&](char c) { return characters.find(c) != std::string::npos; });
  return text;
}

double score(const Sample& sample, const std::string& prediction) {
  return find_metric(sample.metric).score({prediction, sample.answers, {}});
}

// Both sides are equal with the number in the unknown's place.
bool balances(std::string equation, const std::string& number) {
  std::size_t at = equation.find_first_of("nay?_");
  if (at == std::string::npos) at = equation.find('x');
  equation.replace(at, 1, number);
  const std::size_t equals = equation.find('=');
  return test::solve_sheet(equation.substr(0, equals), "") == test::solve_sheet(equation.substr(equals + 1), "");
}

TEST(SmallMath, TextsAnswerTheirQuestions) {
  std::map<std::string, int> fields;
  for (const Split split : {Split::Train, Split::Test})
    for (std::uint64_t i = 0; i < 500; ++i) {
      const Sample sample = at("small-math", i, split).sample;
      ++fields[sample.field];
      EXPECT_EQ(test::solve_sheet(without(sample.text, "?"), ""), sample.answers[0]) << sample.text;
      EXPECT_EQ(score(sample, sample.answers[0]), 1);
      EXPECT_EQ(score(sample, std::to_string(std::stoi(sample.answers[0]) + 1)), 0);
      EXPECT_GE(std::stoi(sample.answers[0]), 0);
      EXPECT_LE(std::stoi(sample.answers[0]), sample.field == "multiplication" ? 891 : 198) << sample.text;
    }
  EXPECT_EQ(fields.size(), 5u);
  EXPECT_FALSE(fields.contains("equation"));
  EXPECT_GT(fields["addition"] + fields["subtraction"], 500);
}

TEST(SmallMath, EquationsComeWhereAskedAndHold) {
  std::set<std::string> unknowns;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Sample sample = at("small-math", i, Split::Test, {"equation"}).sample;
    ASSERT_EQ(sample.field, "equation");
    EXPECT_TRUE(balances(sample.text, sample.answers[0])) << sample.text << " " << sample.answers[0];
    EXPECT_FALSE(balances(sample.text, std::to_string(std::stoi(sample.answers[0]) + 1))) << sample.text;
    unknowns.insert(sample.text.substr(sample.text.find_first_of("xnay?_"), 1));
  }
  EXPECT_GE(unknowns.size(), 6u);
}

TEST(SmallMath, ColumnsHaveTheOperands) {
  int columns = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto exercise = std::get<SmallExercise>(at("small-math", i).facts);
    if (exercise.column.empty()) continue;
    ++columns;
    ASSERT_EQ(exercise.column.size(), 2u);
    EXPECT_EQ(without(exercise.column[0] + exercise.column[1], " "), without(exercise.exercise.text, " "));
  }
  EXPECT_GT(columns, 100);
}

// A scene as its text tells it.
struct Told {
  std::string shape, colour, place;
  int row = 1, column = 1;
};

std::vector<Told> read_scene(const std::string& text) {
  std::vector<Told> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    std::istringstream words(part);
    std::string article, colour, shape, preposition, the, place, more;
    words >> article >> colour >> shape >> preposition >> the >> place >> more;
    Told told{shape, colour, place + (more.empty() ? "" : " " + more)};
    told.row = has(told.place, "top") ? 0 : has(told.place, "bottom") ? 2 : 1;
    told.column = has(told.place, "left") ? 0 : has(told.place, "right") ? 2 : 1;
    out.push_back(told);
  }
  return out;
}

struct Mention {
  std::string colour, shape;
  bool fits(const Told& told) const { return (colour.empty() || told.colour == colour) && (shape.empty() || told.shape == shape); }
};

// The colours and shapes that a question names, in order; a colour before its shape.
std::vector<Mention> mentions(const std::string& question) {
  std::vector<Mention> out;
  std::istringstream in(without(question, "?.,"));
  bool open = false;
  for (std::string word; in >> word;) {
    for (const NamedColour& colour : kColours)
      if (word == colour.name) {
        out.push_back({word, ""});
        open = true;
      }
    for (const ShapeName& shape : kShapes) {
      if (word != shape.one && word != shape.many) continue;
      if (!open) out.emplace_back();
      out.back().shape = shape.one;
      open = false;
    }
  }
  return out;
}

bool stands(const Told& a, const std::string& question, const Told& b) {
  if (has(question, "left of")) return a.column < b.column;
  if (has(question, "right of")) return a.column > b.column;
  return has(question, "above") ? a.row < b.row : a.row > b.row;
}

const Told& only(const std::vector<Told>& shapes, const Mention& mention) {
  const auto fits = [&](const Told& told) { return mention.fits(told); };
  if (std::count_if(shapes.begin(), shapes.end(), fits) != 1)
    throw std::invalid_argument("not one " + mention.colour + mention.shape);
  return *std::find_if(shapes.begin(), shapes.end(), fits);
}

std::string solve_scene(const std::string& text, const std::string& question) {
  const std::vector<Told> shapes = read_scene(text);
  const std::vector<Mention> named = mentions(question);
  const auto count = [&] {
    return std::count_if(shapes.begin(), shapes.end(), [&](const Told& told) { return named.empty() || named[0].fits(told); });
  };
  const bool side = has(question, "left of") || has(question, "right of") || has(question, "above") || has(question, "below");
  if (has(question, "How many") || has(question, "Count") || has(question, "number of")) return std::to_string(count());
  if (side && named.size() == 2) return stands(only(shapes, named[0]), question, only(shapes, named[1])) ? "yes" : "no";
  if (side) {
    std::vector<std::string> there;
    for (const Told& told : shapes)
      if (stands(told, question, only(shapes, named.at(0)))) there.push_back(told.colour + " " + told.shape);
    return there.size() == 1 ? there[0] : throw std::invalid_argument(question);
  }
  for (const char* start : {"Is ", "Does the image", "Do ", "Can ", "Does a"})
    if (question.starts_with(start)) return count() > 0 ? "yes" : "no";
  if (has(question, "Where") || has(question, "place")) return only(shapes, named.at(0)).place;
  const Told& about = only(shapes, named.empty() ? Mention{} : named[0]);
  return has(question, "color") || has(question, "colour") ? about.colour : about.shape;
}

TEST(Scene, TextsAnswerTheirQuestions) {
  std::map<std::string, int> fields, answers;
  for (const Split split : {Split::Train, Split::Test})
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const Sample sample = at("scene", i, split).sample;
      ++fields[sample.field];
      ++answers[sample.answers[0]];
      EXPECT_EQ(solve_scene(sample.text, sample.question), sample.answers[0]) << sample.text << "\n" << sample.question;
      EXPECT_EQ(score(sample, sample.answers[0]), 1);
    }
  EXPECT_EQ(fields.size(), 5u);
  for (const auto& [field, count] : fields) EXPECT_GT(count, 200) << field;
  for (const NamedColour& colour : kColours) EXPECT_GT(answers[std::string(colour.name)], 3) << colour.name;
  for (const ShapeName& shape : kShapes) EXPECT_GT(answers[std::string(shape.one)], 3) << shape.one;
  EXPECT_NEAR(answers["yes"], answers["no"], 80);
}

TEST(Scene, FurtherQuestionsAreAnsweredToo) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Document document = at("scene", i);
    EXPECT_EQ(document.more.size(), static_cast<std::size_t>(kMoreQuestions));
    for (const Sample& other : document.more)
      EXPECT_EQ(solve_scene(other.text, other.question), other.answers[0]) << other.question;
  }
}

TEST(Scene, ShapesStandApartAndWhereTheirPlacesAre) {
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Scene scene = std::get<Scene>(at("scene", i).facts);
    ASSERT_GE(scene.shapes.size(), 1u);
    ASSERT_LE(scene.shapes.size(), 6u);
    for (const SceneShape& a : scene.shapes) {
      EXPECT_GE(std::min({a.x, a.y, 128 - a.x, 128 - a.y}), a.radius);
      EXPECT_EQ(a.row, a.y * 3 / 128);
      EXPECT_EQ(a.column, a.x * 3 / 128);
      for (const SceneShape& b : scene.shapes)
        EXPECT_TRUE(&a == &b || std::max(std::abs(a.x - b.x), std::abs(a.y - b.y)) >= a.radius + b.radius);
    }
  }
}

std::string titled_text(const Chart& chart, const std::string& text) {
  return chart.title.empty() ? "no title\n" + text : text;
}

TEST(SmallChart, TextsAnswerTheirQuestions) {
  std::map<std::string, int> fields, kinds;
  for (const Split split : {Split::Train, Split::Test})
    for (std::uint64_t i = 0; i < 400; ++i) {
      const Document document = at("small-chart", i, split);
      const Chart& chart = std::get<SmallChart>(document.facts).chart;
      const Sample& sample = document.sample;
      ++fields[sample.field];
      ++kinds[std::string(chart_kind_name(chart.kind))];
      const std::string answer =
          test::solve_chart(titled_text(chart, sample.text), {chart.categories, chart.series}, sample.question);
      EXPECT_EQ(score(sample, answer), 1) << sample.text << "\n" << sample.question << "\n" << answer;
    }
  EXPECT_EQ(fields.size(), 3u);
  EXPECT_FALSE(fields.contains("difference"));
  EXPECT_EQ(kinds.size(), 4u);
}

TEST(SmallChart, FurtherQuestionsAreAnsweredToo) {
  std::size_t asked = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Document document = at("small-chart", i);
    const Chart& chart = std::get<SmallChart>(document.facts).chart;
    for (const Sample& other : document.more) {
      ++asked;
      EXPECT_NE(other.field, "difference");
      const std::string answer =
          test::solve_chart(titled_text(chart, other.text), {chart.categories, chart.series}, other.question);
      EXPECT_EQ(score(other, answer), 1) << other.question;
    }
  }
  EXPECT_GT(asked, 300u);
}

TEST(SmallChart, DifferencesComeWhereAsked) {
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Document document = at("small-chart", i, Split::Test, {"difference"});
    const Chart& chart = std::get<SmallChart>(document.facts).chart;
    ASSERT_EQ(document.sample.field, "difference");
    const std::string answer =
        test::solve_chart(titled_text(chart, document.sample.text), {chart.categories, chart.series}, document.sample.question);
    EXPECT_EQ(score(document.sample, answer), 1) << document.sample.question;
  }
}

// What a chart's bars or a document's lines are called; of charts without what stands in order (months, years), which has no
// others.
std::set<std::string> names_in(const char* kind, Split split, bool unseen, std::uint64_t count) {
  std::set<std::string> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Document document = at(kind, i, split);
    if (document.sample.unseen != unseen) continue;
    if (const auto* small = std::get_if<SmallChart>(&document.facts)) {
      const Chart& chart = small->chart;
      out.insert(chart.series.begin(), chart.series.end());
      if (!std::set<std::string>{"month", "day", "quarter", "year"}.contains(chart.category_noun))
        out.insert(chart.categories.begin(), chart.categories.end());
    } else if (const auto& note = std::get<Note>(document.facts); note.field == "document") {
      for (const NoteLine& line : note.lines) out.insert(line.key);
    }
  }
  return out;
}

// Any word may serve as a brand or a key, but for those that are kept for unseen test samples.
TEST(SmallKinds, NoNameOfAnUnseenSampleIsInTraining) {
  for (const char* kind : {"small-chart", "reading"}) {
    const std::set<std::string> trained = names_in(kind, Split::Train, false, 6000);
    EXPECT_GT(trained.size(), 400u) << kind;
    for (const std::string& name : names_in(kind, Split::Test, true, 1000))
      EXPECT_FALSE(trained.contains(name)) << kind << " " << name;
  }
}

TEST(SmallChart, AreSmall) {
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Chart chart = std::get<SmallChart>(at("small-chart", i, i % 2 ? Split::Train : Split::Test).facts).chart;
    EXPECT_GE(chart.categories.size(), 2u);
    EXPECT_LE(chart.categories.size(), 6u);
    for (const std::string& name : chart.categories) EXPECT_LE(name.size(), 6u);
    test::Number sum = 0;
    for (const auto& row : chart.values) {
      std::set<std::int64_t> different;
      for (const Decimal value : row) {
        different.insert(value.units);
        sum += value.units;
        EXPECT_GT(value.units, 0);
      }
      EXPECT_EQ(different.size(), row.size());  // one is highest, one is lowest
    }
    EXPECT_TRUE(chart.kind != ChartKind::Pie || sum == 100);
  }
}

// What a few words in the picture ask for.
std::string solve_brief(const Chart& chart, const std::string& note) {
  const std::vector<Decimal>& row = chart.values[0];
  std::vector<std::size_t> named;
  std::istringstream in(without(note, "?"));
  for (std::string word; in >> word;) {
    const auto found = std::find(chart.categories.begin(), chart.categories.end(), word);
    if (found != chart.categories.end()) named.push_back(static_cast<std::size_t>(found - chart.categories.begin()));
  }
  if (named.size() == 1) return row[named[0]].text();
  if (named.size() == 2) {
    const bool minus = has(note, " - ") || has(note, "minus");
    return (minus ? row[named[0]] - row[named[1]] : row[named[0]] + row[named[1]]).text();
  }
  if (has(note, "Total") || has(note, "Sum")) {
    Decimal sum{0, 0};
    for (const Decimal value : row) sum = sum + value;
    return sum.text();
  }
  const bool highest = has(note, "ighest") || has(note, "Largest") || has(note, "Maximum");
  const auto best = highest ? std::max_element(row.begin(), row.end()) : std::min_element(row.begin(), row.end());
  if (has(note, "value") || has(note, "imum")) return best->text();
  return chart.categories[static_cast<std::size_t>(best - row.begin())];
}

TEST(SmallMixed, AsksTheSameOfATextAChartAndAnExercise) {
  std::set<std::string> questions;
  for (const Split split : {Split::Train, Split::Test})
    for (std::uint64_t i = 0; i < 300; i += 3) {
      const Document text = at("small-mixed", i, split), chart = at("small-mixed", i + 1, split),
                     exercise = at("small-mixed", i + 2, split);
      questions.insert(text.sample.question);
      EXPECT_EQ(text.sample.question, chart.sample.question);
      EXPECT_EQ(text.sample.question, exercise.sample.question);
      EXPECT_EQ(text.sample.field + chart.sample.field + exercise.sample.field, "readingchartmath");
      EXPECT_EQ(text.sample.text, text.sample.answers[0]);
      const Chart& drawn = std::get<SmallChart>(chart.facts).chart;
      EXPECT_TRUE(chart.sample.text.ends_with("\n" + drawn.note));
      EXPECT_LE(drawn.note.size(), 26u);
      EXPECT_EQ(score(chart.sample, solve_brief(drawn, drawn.note)), 1) << drawn.note << " " << chart.sample.answers[0];
      EXPECT_FALSE(has(drawn.note, " - ") || has(drawn.note, "minus"));  // differences are held back
      EXPECT_EQ(test::solve_sheet(without(exercise.sample.text, "?"), ""), exercise.sample.answers[0]);
    }
  EXPECT_GE(questions.size(), 5u);
}

TEST(SmallKinds, EverySplitIsWordedAlike) {
  for (const char* kind : {"small-math", "scene", "small-chart", "small-mixed"}) {
    // Without what differs from sample to sample: names, numbers, colours.
    const auto shape_of = [&](const Sample& sample) {
      std::istringstream in(sample.question);
      std::string out, word;
      for (int i = 0; i < 2 && in >> word; ++i) out += word + " ";
      return std::string(kind) == "small-chart" || std::string(kind) == "scene" ? out : sample.question;
    };
    std::set<std::string> seen;
    for (std::uint64_t i = 0; i < 1500; ++i) seen.insert(shape_of(at(kind, i).sample));
    int unseen = 0;
    for (std::uint64_t i = 0; i < 300; ++i) {
      const Sample sample = at(kind, i, Split::Test).sample;
      unseen += sample.unseen;
      EXPECT_TRUE(seen.contains(shape_of(sample))) << sample.question;
    }
    EXPECT_NEAR(unseen, std::string(kind) == "scene" ? 0 : 150, 50) << kind << ": by names and fonts, which scenes have none of";
  }
}

}  // namespace
}  // namespace zlens::synth
