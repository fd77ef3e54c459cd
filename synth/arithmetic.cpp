#include <array>

#include "synth/exercises.h"

namespace zlens::synth {
namespace {

Decimal whole(std::int64_t number) {
  return {number, 0};
}

// Mostly small: an exercise must be within reach of a small model.
std::int64_t operand(Rng& rng) {
  const double size = rng.real();
  return size < 0.5 ? rng.integer(1, 20) : size < 0.85 ? rng.integer(11, 99) : rng.integer(100, 999);
}

// The key is the text with * and /.
Exercise exercise(std::string field, const std::string& ascii, Decimal answer, const Signs& signs) {
  Exercise out{std::move(field), "", answer.trimmed(), ascii};
  for (const char c : ascii) {
    if (c == '*') {
      out.text += signs.times;
    } else if (c == '/') {
      out.text += signs.divided;
    } else {
      out.text += c;
    }
  }
  return out;
}

std::string joined(Decimal a, const char* sign, Decimal b) {
  return a.text() + " " + sign + " " + b.text();
}

Exercise addition(Rng& rng, const Signs& signs) {
  const Decimal a = whole(operand(rng)), b = whole(operand(rng));
  return exercise("addition", joined(a, "+", b), a + b, signs);
}

Exercise subtraction(Rng& rng, const Signs& signs) {
  Decimal a = whole(operand(rng)), b = whole(operand(rng));
  if (a < b) std::swap(a, b);
  return exercise("subtraction", joined(a, "-", b), a - b, signs);
}

Exercise multiplication(Rng& rng, const Signs& signs) {
  const bool large = rng.chance(0.3);
  Decimal a = whole(rng.integer(2, 12)), b = whole(large ? rng.integer(11, 99) : rng.integer(2, 12));
  if (large) a = whole(rng.integer(2, 9));
  if (rng.chance(0.5)) std::swap(a, b);
  return exercise("multiplication", joined(a, "*", b), a * b, signs);
}

Exercise division(Rng& rng, const Signs& signs) {
  const Decimal quotient = whole(rng.chance(0.7) ? rng.integer(2, 12) : rng.integer(11, 60)), divisor = whole(rng.integer(2, 12));
  return exercise("division", joined(quotient * divisor, "/", divisor), quotient, signs);
}

Exercise mixed(Rng& rng, const Signs& signs) {
  const Decimal a = whole(rng.integer(2, 30)), b = whole(rng.integer(2, 12)), c = whole(rng.integer(2, 9));
  switch (rng.integer(0, 5)) {
    case 0:
      return exercise("mixed", joined(a, "+", b) + " + " + c.text(), a + b + c, signs);
    case 1: {
      const Decimal top = a + b + c;
      return exercise("mixed", joined(top, "-", b) + " - " + c.text(), top - b - c, signs);
    }
    case 2:
      return exercise("mixed", joined(a, "+", b) + " * " + c.text(), a + b * c, signs);
    case 3:
      return exercise("mixed", "(" + joined(a, "+", b) + ") * " + c.text(), (a + b) * c, signs);
    case 4:
      return exercise("mixed", joined(b, "*", c) + " + " + a.text(), b * c + a, signs);
    default:
      break;
  }
  // The bracket is c times a: (x - b) / c = a.
  const Decimal x = c * a + b;
  return exercise("mixed", "(" + joined(x, "-", b) + ") / " + c.text(), a, signs);
}

Exercise decimal(Rng& rng, const Signs& signs) {
  const int places = rng.chance(0.6) ? 1 : 2;
  Decimal a{rng.integer(1, places == 1 ? 200 : 2000), places}, b{rng.integer(1, places == 1 ? 200 : 2000), places};
  if (rng.chance(0.25)) {
    const Decimal n = whole(rng.integer(2, 9));
    return exercise("decimal", joined(a, "*", n), a * n, signs);
  }
  if (rng.chance(0.5)) return exercise("decimal", joined(a, "+", b), a + b, signs);
  if (a < b) std::swap(a, b);
  return exercise("decimal", joined(a, "-", b), a - b, signs);
}

}  // namespace

Exercise make_arithmetic(Rng& rng, const Signs& signs) {
  constexpr std::array kKinds = {addition,       addition, subtraction, subtraction, multiplication,
                                 multiplication, division, mixed,       decimal};
  return rng.pick(kKinds)(rng, signs);
}

}  // namespace zlens::synth
