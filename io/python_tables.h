// Data behind python_case.cpp and python_text.cpp: where Python's str maps a character to several, which characters have case
// without being letters of a case category, and where decimal digits stand.
#pragma once

namespace zlens::python {

struct ManyCased {
  char32_t from;
  char32_t upper[3], title[3];  // padded with 0
};

struct CasedRange {
  char32_t first, last;
  bool lower;
};

extern const ManyCased kManyCased[102];   // ascending
extern const CasedRange kOtherCased[29];  // ascending
extern const char32_t kDecimalZeros[66];  // the zero of each run of ten decimal digits, ascending

}  // namespace zlens::python
