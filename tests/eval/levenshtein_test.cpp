#include "eval/levenshtein.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace zlens {
namespace {

// The textbook's table.
std::size_t by_table(std::u32string_view a, std::u32string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substitute, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

TEST(Levenshtein, EqualsTheTableForAllLengthsAroundBlocks) {
  std::mt19937 random(7);
  for (int round = 0; round < 600; ++round) {
    const auto text = [&] {
      std::u32string out;
      for (auto n = random() % 200; n > 0; --n) out += static_cast<char32_t>((random() % 8 == 0 ? 0x1F600 : 'a') + random() % 3);
      return out;
    };
    const std::u32string a = text();
    std::u32string b = round % 2 == 0 ? text() : a;
    for (auto n = random() % 9; n > 0 && !b.empty(); --n) b.erase(random() % b.size(), 1);
    ASSERT_EQ(levenshtein(a, b), by_table(a, b));
    ASSERT_EQ(levenshtein(b, a), levenshtein(a, b));
  }
}

TEST(Levenshtein, BlockBorders) {
  for (std::size_t n : {63, 64, 65, 127, 128, 129}) {
    const std::u32string a(n, U'a'), b(n, U'b');
    EXPECT_EQ(levenshtein(a, b), n);
    EXPECT_EQ(levenshtein(a, U""), n);
    EXPECT_EQ(levenshtein(a, a + b), n);
    EXPECT_EQ(levenshtein(a, a), 0u);
  }
}

}  // namespace
}  // namespace zlens
