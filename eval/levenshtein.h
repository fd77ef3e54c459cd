// Edit distance over code points.
#pragma once

#include <cstddef>
#include <string_view>

namespace zlens {

// Insertions, deletions and substitutions between the two. Bit-parallel (Myers 1999, in blocks as Hyyrö 2003 has it): the shorter
// length / 64 times the longer one in steps, memory of the order of the shorter one.
std::size_t levenshtein(std::u32string_view a, std::u32string_view b);

}  // namespace zlens
