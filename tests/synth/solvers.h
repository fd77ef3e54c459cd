// Answers found from the texts alone, by code that shares nothing with the generators: what a careful reader would do.
#pragma once

#include <string>
#include <vector>

namespace zlens::test {

// Thousandths, so that sums and products are exact.
using Number = long long;
Number number(const std::string& text);  // "12.5", "38%" -> 38000; throws std::invalid_argument
std::string number_text(Number thousandths);

std::vector<std::string> lines_of(const std::string& text);

struct ChartNames {
  std::vector<std::string> categories, series;  // no series: one
};
// [series][category] out of a description in any layout.
std::vector<std::vector<Number>> read_chart(const std::string& text, const ChartNames& names);

// Each gives the answer that the question asks for, or throws std::invalid_argument where it understands nothing.
std::string solve_chart(const std::string& text, const ChartNames& names, const std::string& question);
std::string solve_sheet(const std::string& text, const std::string& question);
std::string solve_receipt(const std::string& text, const std::string& question);

}  // namespace zlens::test
