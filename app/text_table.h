// Rows of text in columns.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace zlens {

// Every row on its line, indented by two; the first `left` columns flush left, the others flush right. Widths count code points.
void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows, std::size_t left = 1);

}  // namespace zlens
