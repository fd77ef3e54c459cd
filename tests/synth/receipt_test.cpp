#include "synth/receipt.h"

#include <gtest/gtest.h>

#include <map>

#include "eval/metrics.h"
#include "tests/synth/solvers.h"

namespace zlens::synth {
namespace {

ReceiptSample receipt(std::uint64_t seed, Split split, ReceiptQuestions questions) {
  Rng rng(seed);
  return make_receipt(rng, split, {.questions = questions});
}

TEST(Receipt, AnswersFollowFromTheTextAlone) {
  std::map<std::string, int> fields;
  for (const Split split : {Split::Train, Split::Val, Split::Test}) {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      const ReceiptQuestions questions = seed % 2 ? ReceiptQuestions::Table : ReceiptQuestions::Fields;
      const Sample sample = receipt(seed, split, questions).sample;
      ++fields[sample.field];
      const std::string answer = test::solve_receipt(sample.text, sample.question);
      if (sample.metric == "numeric" || sample.field == "total") {
        EXPECT_EQ(test::number(answer), test::number(sample.answers[0])) << sample.text << "\n" << sample.question;
      } else {
        EXPECT_EQ(answer, sample.answers[0]) << sample.text << "\n" << sample.question;
      }
    }
  }
  for (const char* field : {"company", "date", "total", "item sum", "item difference", "table sum", "change"})
    EXPECT_GT(fields[field], 50) << field;
}

// A compound question is one whose answer must be computed.
TEST(Receipt, ComputedAnswersAreNotPrintedAsTotals) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Sample sample = receipt(seed, Split::Train, ReceiptQuestions::Table).sample;
    for (const std::string& line : test::lines_of(sample.text)) {
      const bool summary = line.starts_with("TOTAL") || line.starts_with("CHANGE");
      EXPECT_FALSE(summary && sample.field != "item difference" && line.ends_with(" " + sample.answers[0])) << sample.text;
    }
  }
}

TEST(Receipt, CopiedAnswersStandInTheText) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Sample sample = receipt(seed, Split::Test, ReceiptQuestions::Fields).sample;
    EXPECT_NE(sample.text.find(sample.answers[0]), std::string::npos) << sample.text;
  }
}

}  // namespace
}  // namespace zlens::synth
