#include "synth/decimal.h"

#include <gtest/gtest.h>

namespace zlens::synth {
namespace {

TEST(Decimal, PrintsItsPlaces) {
  EXPECT_EQ((Decimal{1250, 2}.text()), "12.50");
  EXPECT_EQ((Decimal{5, 2}.text()), "0.05");
  EXPECT_EQ((Decimal{-50, 2}.text()), "-0.50");
  EXPECT_EQ((Decimal{7, 0}.text()), "7");
  EXPECT_EQ((Decimal{1250, 2}.trimmed().text()), "12.5");
  EXPECT_EQ((Decimal{1200, 2}.trimmed().text()), "12");
  EXPECT_EQ((Decimal{0, 2}.trimmed().text()), "0");
}

TEST(Decimal, ComputesExactly) {
  EXPECT_EQ((Decimal{1, 1} + Decimal{2, 1}).text(), "0.3");
  EXPECT_EQ((Decimal{5, 0} - Decimal{1, 2}).text(), "4.99");
  EXPECT_EQ((Decimal{15, 1} * Decimal{4, 0}).text(), "6.0");
  EXPECT_TRUE((Decimal{15, 1} == Decimal{150, 2}));
  EXPECT_TRUE((Decimal{-1, 0} < Decimal{1, 2}));
  EXPECT_EQ((Decimal{125, 1}.value()), 12.5);
}

}  // namespace
}  // namespace zlens::synth
