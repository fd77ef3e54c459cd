#include "eval/levenshtein.h"

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace zlens {
namespace {

// 64 rows of the distance matrix's current column, as differences between neighbouring rows.
struct Block {
  std::uint64_t up = ~std::uint64_t{0};  // rows where the value grows by one
  std::uint64_t down = 0;                // rows where it falls by one

  // Moves one column on. `matches`: rows whose pattern character equals the text's. `carry_up`, `carry_down`: the horizontal
  // difference entering at the top row. Returns the differences of every row as (up, down).
  std::pair<std::uint64_t, std::uint64_t> advance(std::uint64_t matches, bool carry_up, bool carry_down) {
    const std::uint64_t vertical = matches | down;
    if (carry_down) matches |= 1;
    const std::uint64_t horizontal = (((matches & up) + up) ^ up) | matches;
    const std::uint64_t right_up = down | ~(horizontal | up);
    const std::uint64_t right_down = up & horizontal;
    const std::uint64_t shifted_up = right_up << 1 | (carry_up ? 1 : 0);
    const std::uint64_t shifted_down = right_down << 1 | (carry_down ? 1 : 0);
    up = shifted_down | ~(vertical | shifted_up);
    down = shifted_up & vertical;
    return {right_up, right_down};
  }
};

void trim_common_ends(std::u32string_view& a, std::u32string_view& b) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.remove_suffix(1);
    b.remove_suffix(1);
  }
}

}  // namespace

std::size_t levenshtein(std::u32string_view a, std::u32string_view b) {
  trim_common_ends(a, b);
  if (a.size() > b.size()) std::swap(a, b);
  if (a.empty()) return b.size();

  const std::size_t blocks = (a.size() + 63) / 64;
  // One entry a (character, block) that occurs, so that memory stays linear whatever the alphabet.
  std::vector<std::unordered_map<char32_t, std::uint64_t>> matches(blocks);
  for (std::size_t i = 0; i < a.size(); ++i) matches[i / 64][a[i]] |= std::uint64_t{1} << (i % 64);

  std::vector<Block> column(blocks);
  const std::uint64_t last_row = std::uint64_t{1} << ((a.size() - 1) % 64);
  std::size_t distance = a.size();
  for (const char32_t c : b) {
    bool carry_up = true, carry_down = false;
    for (std::size_t block = 0; block < blocks; ++block) {
      const auto found = matches[block].find(c);
      const auto [up, down] = column[block].advance(found == matches[block].end() ? 0 : found->second, carry_up, carry_down);
      const std::uint64_t row = block + 1 == blocks ? last_row : std::uint64_t{1} << 63;
      carry_up = (up & row) != 0;
      carry_down = (down & row) != 0;
    }
    if (carry_up) ++distance;
    if (carry_down) --distance;
  }
  return distance;
}

}  // namespace zlens
