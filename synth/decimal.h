// Exact decimal numbers: what is printed is what is computed with. Free of torch.
#pragma once

#include <cstdint>
#include <string>

namespace zlens::synth {

// units / 10^places. Sums and products of the generators' small numbers stay far from int64's limits.
struct Decimal {
  std::int64_t units = 0;
  int places = 0;

  std::string text() const;  // "12", "-0.50": exactly `places` digits after the point
  Decimal trimmed() const;   // without zeros at the end: 1.50 -> 1.5, 2.0 -> 2
  double value() const;
};

// With the larger number of places.
Decimal operator+(Decimal a, Decimal b);
Decimal operator-(Decimal a, Decimal b);
// With the places of both.
Decimal operator*(Decimal a, Decimal b);
bool operator<(Decimal a, Decimal b);
bool operator==(Decimal a, Decimal b);  // of the values: 1.5 == 1.50

}  // namespace zlens::synth
