#include "synth/amounts.h"

#include <gtest/gtest.h>

namespace zlens::synth {
namespace {

std::vector<std::string> texts(std::string_view text, const std::vector<TextSpan>& parts) {
  std::vector<std::string> out;
  for (const TextSpan& part : parts) out.emplace_back(part.of(text));
  return out;
}

std::vector<std::string> amounts(std::string_view text) {
  return texts(text, find_amounts(text));
}

std::vector<std::string> numbers(std::string_view text) {
  return texts(text, find_long_numbers(text));
}

using Texts = std::vector<std::string>;

TEST(Amounts, AreFoundAmongOtherNumbers) {
  EXPECT_EQ(amounts("2 X 3.50 7.00SR"), (Texts{"3.50", "7.00"}));
  EXPECT_EQ(amounts("RM1,234.50 1234567.00"), (Texts{"1,234.50", "1234567.00"}));
  EXPECT_EQ(amounts("TOTAL:0.05."), Texts{"0.05"});
  EXPECT_EQ(amounts(""), Texts{});
  for (const char* none : {"24.11.2018", "24.11.18", "-0.50", "1/2.50", "3.5", "3.555", "12.50/3", "12.50-9", "1,23.50",
                           "1234,567.00", "9999999999.00", ".50", "v1.10.22"})
    EXPECT_EQ(amounts(none), Texts{}) << none;
}

TEST(Amounts, LongNumbersStandFree) {
  EXPECT_EQ(numbers("81100 JOHOR CS00012345 123"), (Texts{"81100", "00012345"}));
  for (const char* none : {"03-12345678", "12/11/2018", "1234.50", "1,2345", "12345."}) EXPECT_EQ(numbers(none), Texts{}) << none;
}

TEST(Amounts, TextAndCentsAgree) {
  for (const std::int64_t cents : {0, 5, 99, 100, 99999, 100000, 123456789}) {
    for (const bool thousands : {false, true}) EXPECT_EQ(cents_of(amount_text(cents, thousands)), cents);
    EXPECT_EQ(amounts(amount_text(cents, true)), Texts{amount_text(cents, true)});
  }
  EXPECT_EQ(amount_text(123456789, true), "1,234,567.89");
  EXPECT_EQ(amount_text(-100001, true), "-1,000.01");
  EXPECT_EQ(amount_text(-2, false), "-0.02");
}

TEST(Amounts, PartsAreReplacedInPlace) {
  const std::string text = "3.50 A 4.00 B";
  EXPECT_EQ(replace_parts(text, find_amounts(text), [](std::string_view part) { return "<" + std::string(part) + ">"; }),
            "<3.50> A <4.00> B");
  EXPECT_EQ(replace_all("aXbXX", "X", "yX"), "ayXbyXyX");
  EXPECT_EQ(replace_all("abc", "d", ""), "abc");
}

}  // namespace
}  // namespace zlens::synth
