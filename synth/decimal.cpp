#include "synth/decimal.h"

#include <algorithm>
#include <cstdlib>

namespace zlens::synth {
namespace {

std::int64_t power_of_ten(int exponent) {
  std::int64_t out = 1;
  while (exponent-- > 0) out *= 10;
  return out;
}

std::int64_t units_at(Decimal number, int places) {
  return number.units * power_of_ten(places - number.places);
}

}  // namespace

std::string Decimal::text() const {
  std::string digits = std::to_string(std::abs(units));
  const auto after = static_cast<std::size_t>(places);
  if (digits.size() <= after) digits.insert(0, after + 1 - digits.size(), '0');
  if (after > 0) digits.insert(digits.size() - after, 1, '.');
  return (units < 0 ? "-" : "") + digits;
}

Decimal Decimal::trimmed() const {
  Decimal out = *this;
  while (out.places > 0 && out.units % 10 == 0) {
    out.units /= 10;
    --out.places;
  }
  return out;
}

double Decimal::value() const {
  return static_cast<double>(units) / static_cast<double>(power_of_ten(places));
}

Decimal operator+(Decimal a, Decimal b) {
  const int places = std::max(a.places, b.places);
  return {units_at(a, places) + units_at(b, places), places};
}

Decimal operator-(Decimal a, Decimal b) {
  return a + Decimal{-b.units, b.places};
}

Decimal operator*(Decimal a, Decimal b) {
  return {a.units * b.units, a.places + b.places};
}

bool operator<(Decimal a, Decimal b) {
  return (a - b).units < 0;
}

bool operator==(Decimal a, Decimal b) {
  return (a - b).units == 0;
}

}  // namespace zlens::synth
