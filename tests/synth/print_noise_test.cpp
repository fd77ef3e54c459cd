#include "synth/print_noise.h"

#include <gtest/gtest.h>

#include "io/utf8.h"

namespace zlens::synth {
namespace {

using Lines = std::vector<std::string>;

std::string together(const Lines& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + " ";
  return out;
}

TEST(PrintNoise, WhatIsKeptStaysWithItsBorders) {
  const Lines kept = {"RM 12.50", "TAN & SONS"};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    Lines lines = {"THE TAN & SONS SHOP", "TOTAL 1 RM 12.50 2", "CASH 100.00 GIVEN", "CHANGE 87.50"};
    misread(rng, lines, 0.5, kept);
    drop_lines(rng, lines, 0.5, kept);
    ASSERT_GE(lines.size(), 2u);
    EXPECT_NE(lines[0].find(" TAN & SONS "), std::string::npos) << lines[0];
    EXPECT_NE(lines[1].find(" RM 12.50 "), std::string::npos) << lines[1];
  }
}

TEST(PrintNoise, RatesAreWhatIsAskedFor) {
  Rng rng(3);
  const std::string printed(20000, 'W');
  Lines lines = {printed};
  misread(rng, lines, 0, {});
  EXPECT_EQ(lines[0], printed);
  misread(rng, lines, 0.1, {});
  const auto left = static_cast<double>(std::count(lines[0].begin(), lines[0].end(), 'W'));
  EXPECT_NEAR(left / 20000, 0.91, 0.01);  // a tenth of what is hit keeps its letter and gets a speck
  Lines many(10000, "x");
  drop_lines(rng, many, 0.3, {});
  EXPECT_NEAR(static_cast<double>(many.size()), 7000, 200);
}

TEST(PrintNoise, BytesBeyondAsciiAreNotTorn) {
  Rng rng(1);
  Lines lines(200, "KEDAI KÜÇÜK 東京 1.50");
  misread(rng, lines, 0.6, {});
  for (const std::string& line : lines) EXPECT_TRUE(is_valid_utf8(line));
}

TEST(PrintNoise, OnlyNumbersJoinTheLineBefore) {
  Rng rng(1);
  const Lines printed = {"1.00", "PIPE", "2 X 3.00", "RM 6.00 SR", "TOTAL", "6.00"};
  Lines lines = printed;
  join_rows(rng, lines, 1);
  EXPECT_EQ(lines, (Lines{"1.00", "PIPE 2 X 3.00 RM 6.00 SR", "TOTAL 6.00"}));
  EXPECT_EQ(together(lines), together(printed));
  lines = printed;
  join_rows(rng, lines, 0);
  EXPECT_EQ(lines, printed);
  EXPECT_FALSE(is_row_end(""));
  EXPECT_FALSE(is_row_end("6.00 EACH"));
}

}  // namespace
}  // namespace zlens::synth
