#include "synth/exercises.h"

#include <array>

#include "io/error.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

// No ÷: Tesseract reads it as +.
constexpr std::array<Signs, 4> kSigns = {{{"x", ":"}, {"x", "/"}, {"*", "/"}, {"×", ":"}}};
constexpr View kTitles[] = {"Exercises", "Exercise sheet", "Arithmetic", "Mathematics homework", "Class test", "Practice"};
constexpr View kTitlesUnseen[] = {"Worksheet", "Quiz", "Sums for today"};
constexpr View kSingle[] = {"Solve the exercise.", "What is the result?", "What is the answer to the exercise?",
                            "Work out the result.", "Give the result as a number."};
constexpr View kSingleUnseen[] = {"Find the solution.", "Which number comes out?"};
constexpr View kNumbered[] = {"What is the result of exercise {n}?", "Solve exercise {n}.", "What is the answer to exercise {n}?"};
constexpr View kNumberedUnseen[] = {"Find the solution of number {n}.", "Which number comes out in exercise {n}?"};

Exercise draw_exercise(Rng& rng, Split split, const Signs& signs, bool word, bool unseen) {
  return in_split(rng, split, [&](Rng& draw) { return word ? make_word_problem(draw, unseen) : make_arithmetic(draw, signs); });
}

}  // namespace

std::string Sheet::line(std::size_t i) const {
  const Exercise& exercise = exercises[i];
  return (numbered() ? std::to_string(i + 1) + ") " : "") + exercise.text + (equals_sign && exercise.field != "word" ? " =" : "");
}

std::string describe(const Sheet& sheet) {
  std::string out = sheet.title;
  for (std::size_t i = 0; i < sheet.exercises.size(); ++i) out += (out.empty() ? "" : "\n") + sheet.line(i);
  return out;
}

SheetSample make_sheet(Rng& rng, Split split, const SheetOptions& options) {
  if (options.exercises < 0 || options.exercises > 12)
    throw InputError(std::to_string(options.exercises) + " exercises do not fit on a sheet (accepted: 1 to 12; 0: three to six)");
  if (!(options.word_share >= 0 && options.word_share <= 1))
    throw InputError("the share of word problems is " + std::to_string(options.word_share) + " (accepted: 0 to 1)");
  const bool unseen = draw_unseen(rng, split);
  const auto count = static_cast<std::size_t>(options.exercises > 0 ? options.exercises : rng.integer(3, 6));
  const Signs& signs = rng.pick(kSigns);
  SheetSample out;
  Sheet& sheet = out.sheet;
  if (rng.chance(0.5)) sheet.title = unseen ? rng.pick(kTitlesUnseen) : rng.pick(kTitles);
  sheet.equals_sign = rng.chance(0.6);
  for (std::size_t i = 0; i < count; ++i)
    sheet.exercises.push_back(draw_exercise(rng, split, signs, rng.chance(options.word_share), unseen));
  sheet.asked = static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(count) - 1));
  const std::string number = std::to_string(sheet.asked + 1);
  const Filling fillings[] = {{"n", number}};
  const Exercise& asked = sheet.exercises[sheet.asked];
  const View pattern = sheet.numbered() ? (unseen ? rng.pick(kNumberedUnseen) : rng.pick(kNumbered))
                                        : (unseen ? rng.pick(kSingleUnseen) : rng.pick(kSingle));
  out.sample = {.field = asked.field,
                .text = describe(sheet),
                .question = fill(pattern, fillings),
                .answers = number_answers(asked.answer),
                .metric = "numeric",
                .unseen = unseen};
  return out;
}

}  // namespace zlens::synth
