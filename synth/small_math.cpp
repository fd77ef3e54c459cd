#include "synth/small_math.h"

#include <array>

#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

constexpr View kResult[] = {
    "What is the result?", "Solve the exercise.",     "What comes out?", "Calculate.",      "What is the answer to the exercise?",
    "Find the solution.",  "Which number comes out?", "Work it out.",    "How much is it?", "Give the result.",
    "Compute this."};
constexpr View kUnknown[] = {"What is {u}?", "Solve for {u}.", "Which number is {u}?", "Find {u}.",
                             "Which number does {u} stand for?"};
constexpr View kMissing[] = {"Which number is missing?", "What is the missing number?", "Fill in the blank.",
                             "Find the missing number.", "Which number belongs in the gap?"};

constexpr Signs kSigns[] = {{"x", ":"}, {"×", "÷"}, {"*", "/"}, {"×", ":"}, {"x", "/"}};
constexpr Signs kStars = {"*", "/"};
constexpr View kEnds[] = {"=", "=", " =", " = ?", "=?", ""};
constexpr View kLetters[] = {"x", "n", "a", "y"};
constexpr View kGaps[] = {"?", "_"};

struct Term {
  std::string field;
  std::string text;  // "23 + 48", with * and /
  std::int64_t answer;
};

std::string text_of(std::int64_t a, char sign, std::int64_t b) {
  return std::to_string(a) + " " + sign + " " + std::to_string(b);
}

// One or two digits, mostly two.
std::int64_t operand(Rng& rng) {
  return rng.chance(0.35) ? rng.integer(1, 10) : rng.integer(10, 99);
}

Term addition(Rng& rng) {
  const std::int64_t a = operand(rng), b = operand(rng);
  return {"addition", text_of(a, '+', b), a + b};
}

Term subtraction(Rng& rng) {
  std::int64_t a = operand(rng), b = operand(rng);
  if (a < b) std::swap(a, b);
  return {"subtraction", text_of(a, '-', b), a - b};
}

Term multiplication(Rng& rng) {
  std::int64_t a = rng.integer(2, 9), b = rng.chance(0.65) ? rng.integer(2, 10) : rng.integer(11, 99);
  if (rng.chance(0.5)) std::swap(a, b);
  return {"multiplication", text_of(a, '*', b), a * b};
}

Term division(Rng& rng) {
  const std::int64_t quotient = rng.chance(0.75) ? rng.integer(1, 10) : rng.integer(11, 20), divisor = rng.integer(2, 9);
  return {"division", text_of(quotient * divisor, '/', divisor), quotient};
}

Term mixed(Rng& rng) {
  const std::int64_t a = rng.integer(1, 30), b = rng.integer(1, 20), c = rng.integer(1, 9);
  switch (rng.integer(0, 3)) {
    case 0:
      return {"mixed", text_of(a, '+', b) + " + " + std::to_string(c), a + b + c};
    case 1:
      return {"mixed", text_of(a + c, '+', b) + " - " + std::to_string(c), a + b};
    case 2:
      return {"mixed", text_of(a + b + c, '-', b) + " - " + std::to_string(c), a};
    default:
      break;
  }
  const std::int64_t factor = rng.integer(2, 9);
  return {"mixed", text_of(factor, '*', c) + " + " + std::to_string(b), factor * c + b};
}

// The unknown is ~.
Term equation(Rng& rng) {
  const std::int64_t x = rng.chance(0.6) ? rng.integer(1, 12) : rng.integer(10, 60),
                     a = rng.chance(0.6) ? rng.integer(1, 12) : rng.integer(10, 40);
  const std::string n = std::to_string(a), sum = std::to_string(x + a), factor = std::to_string(rng.integer(2, 9));
  switch (rng.integer(0, 5)) {
    case 0:
    case 1:
      return {"equation", "~ + " + n + " = " + sum, x};
    case 2:
      return {"equation", n + " + ~ = " + sum, x};
    case 3:
      return {"equation", "~ - " + n + " = " + std::to_string(x), x + a};
    case 4:
      return {"equation", sum + " - ~ = " + n, x};
    default:
      break;
  }
  const std::int64_t y = rng.integer(1, 12);
  return {"equation", factor + " * ~ = " + std::to_string(std::stoll(factor) * y), y};
}

constexpr std::array kTerms = {addition,       addition,    addition,    addition,       subtraction,
                               subtraction,    subtraction, subtraction, multiplication, multiplication,
                               multiplication, division,    division,    mixed,          equation};

// How one sheet writes signs, blanks and the unknown.
struct Writing {
  Signs signs;
  bool spaced;
  View unknown;

  std::string operator()(View text) const {
    std::string out;
    for (const char c : text) {
      if (c == '*')
        out += signs.times;
      else if (c == '/')
        out += signs.divided;
      else if (c == '~')
        out += unknown;
      else if (c != ' ' || spaced)
        out += c;
    }
    return out;
  }
};

// Under one another, where an exercise has two operands and is no division.
std::vector<std::string> column_of(const Term& term, const Writing& writing) {
  const std::size_t first = term.text.find(' '), second = term.text.find(' ', first + 1);
  if (term.field == "equation" || term.field == "mixed" || term.field == "division") return {};
  return {term.text.substr(0, first),
          writing(term.text.substr(first + 1, second - first - 1)) + " " + term.text.substr(second + 1)};
}

std::string question_of(Rng& rng, const Term& term, View unknown) {
  if (term.field != "equation") return std::string(rng.pick(kResult));
  const bool gap = unknown == "?" || unknown == "_";
  const Filling fillings[] = {{"u", unknown}};
  if (gap) return std::string(rng.pick(kMissing));
  return fill(rng.pick(kUnknown), fillings);
}

SmallExerciseSample draw_sample(Rng& rng, bool unseen) {
  const Term term = rng.pick(kTerms)(rng);
  Writing writing{rng.pick(kSigns), rng.chance(0.6), rng.chance(0.6) ? rng.pick(kLetters) : rng.pick(kGaps)};
  if (term.field == "equation" && writing.unknown == "x") writing.signs = kStars;  // no sign looks like the unknown
  SmallExerciseSample out;
  out.key = "small-math|" + term.text;
  SmallExercise& made = out.exercise;
  made.exercise = {term.field, writing(term.text), {term.answer, 0}, out.key};
  made.shown = made.exercise.text + (term.field == "equation" ? "" : std::string(rng.pick(kEnds)));
  made.column = column_of(term, writing);
  out.sample = {.field = term.field,
                .text = made.shown,
                .question = question_of(rng, term, writing.unknown),
                .answers = number_answers(made.exercise.answer),
                .metric = "numeric",
                .unseen = unseen};
  return out;
}

}  // namespace

SmallExerciseSample make_small_exercise(Rng& rng, Split split) {
  return in_split(rng, split, [&](Rng& draw) { return draw_sample(draw, draw_unseen(draw, split)); });
}

}  // namespace zlens::synth
