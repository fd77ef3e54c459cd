#include "synth/exercises.h"

#include <gtest/gtest.h>

#include <map>

#include "eval/metrics.h"
#include "io/error.h"
#include "synth/words.h"
#include "tests/synth/solvers.h"

namespace zlens::synth {
namespace {

SheetSample sheet(std::uint64_t seed, Split split, const SheetOptions& options = {}) {
  Rng rng(seed);
  return make_sheet(rng, split, options);
}

TEST(Sheet, AnswersFollowFromTheTextAlone) {
  std::map<std::string, int> fields;
  for (const Split split : {Split::Train, Split::Val, Split::Test}) {
    for (std::uint64_t seed = 0; seed < 600; ++seed) {
      const SheetSample made = sheet(seed, split, {.exercises = seed % 2 ? 1 : 0});
      const Sample& sample = made.sample;
      ++fields[sample.field];
      const std::string answer = test::solve_sheet(sample.text, sample.question);
      EXPECT_EQ(test::number(answer), test::number(sample.answers[0])) << sample.text << "\n" << sample.question;
      EXPECT_EQ(find_metric(sample.metric).score({"The result is " + answer + ".", sample.answers, {}}), 1) << answer;
      EXPECT_EQ(made.sheet.exercises.size() > 1, made.sheet.numbered());
    }
  }
  for (const char* field : {"addition", "subtraction", "multiplication", "division", "mixed", "decimal", "word"})
    EXPECT_GT(fields[field], 30) << field;
}

TEST(Sheet, EveryExerciseOnItIsOfTheSplit) {
  for (const Split split : {Split::Train, Split::Val, Split::Test})
    for (std::uint64_t seed = 0; seed < 100; ++seed)
      for (const Exercise& exercise : sheet(seed, split, {.exercises = 5}).sheet.exercises)
        EXPECT_EQ(split_of(exercise.key), split);
}

// "12 x 3", "12 * 3" and "12 × 3" are one exercise.
TEST(Sheet, TheSplitDoesNotDependOnTheSigns) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Rng a(seed), b(seed);
    const Exercise one = make_arithmetic(a, {"x", ":"}), other = make_arithmetic(b, {"×", "÷"});
    EXPECT_EQ(one.key, other.key);
    EXPECT_TRUE(one.answer == other.answer);
  }
}

TEST(Sheet, OptionsCountAndMix) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(sheet(seed, Split::Train, {.exercises = 4}).sheet.exercises.size(), 4u);
    const std::size_t some = sheet(seed, Split::Train, {.exercises = 0}).sheet.exercises.size();
    EXPECT_TRUE(some >= 3 && some <= 6);
    EXPECT_EQ(sheet(seed, Split::Train, {.word_share = 1}).sample.field, "word");
    EXPECT_NE(sheet(seed, Split::Train, {.word_share = 0}).sample.field, "word");
  }
  EXPECT_THROW(sheet(0, Split::Train, {.exercises = 13}), InputError);
  EXPECT_THROW(sheet(0, Split::Train, {.exercises = -1}), InputError);
  EXPECT_THROW(sheet(0, Split::Train, {.word_share = 1.5}), InputError);
  EXPECT_THROW(sheet(0, Split::Train, {.word_share = std::stod("nan")}), InputError);
}

TEST(Words, NoNameIsBothCommonAndUnseen) {
  for (const Words* words : {&kCountries, &kCities, &kCompanies, &kProducts, &kFruits, &kSports, &kDepartments, &kSubjects,
                             &kAnimals, &kDrinks, &kShops, &kPeople, &kObjects, &kGroceries, &kStreets})
    for (const std::string_view name : words->unseen)
      EXPECT_EQ(std::count(words->common.begin(), words->common.end(), name), 0) << name;
}

TEST(Words, FillsPlaceholdersOnce) {
  const Filling fillings[] = {{"a", "{b}"}, {"b", "2"}};
  EXPECT_EQ(fill("{a} and {b}, {c} {", fillings), "{b} and 2, {c} {");
  EXPECT_EQ(fill("", fillings), "");
}

}  // namespace
}  // namespace zlens::synth
