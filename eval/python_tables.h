// Data behind python_text.cpp: where Python's str maps a character to several, and where decimal digits stand.
#pragma once

namespace zlens {

struct FullUppercase {
  char32_t from;
  char32_t to[3];  // padded with 0
};

extern const FullUppercase kFullUppercase[102];  // ascending
extern const char32_t kDecimalZeros[66];         // the zero of each run of ten decimal digits, ascending

}  // namespace zlens
