#include "eval/metrics.h"

#include <gtest/gtest.h>

#include "io/error.h"
#include "io/json.h"

namespace zlens {
namespace {

double score(const char* metric, const std::string& prediction, const std::vector<std::string>& references,
             const std::vector<std::string>& choices = {}) {
  return find_metric(metric).score({prediction, references, choices});
}

class Golden : public testing::TestWithParam<const char*> {};

// Scores of the published implementations, exactly.
TEST_P(Golden, EqualsTheOracle) {
  const Json vectors = read_json_file(ZLENS_FIXTURES "/metrics/scores.json")[GetParam()];
  ASSERT_GE(vectors.size(), 250u);
  for (const Json& row : vectors) {
    EXPECT_EQ(score(GetParam(), row[0], row[1].get<std::vector<std::string>>()), row[2].get<double>()) << row.dump();
  }
}

INSTANTIATE_TEST_SUITE_P(Metrics, Golden, testing::Values("anls", "anls_strict", "relaxed_accuracy", "exact_match"));

TEST(Metrics, NamesAreUniqueAndStateTheirVariant) {
  for (const Metric& metric : builtin_metrics()) {
    EXPECT_EQ(&find_metric(metric.name), &metric);
    EXPECT_FALSE(metric.variant.empty());
  }
  EXPECT_THROW(find_metric("bleu"), InputError);
}

TEST(Metrics, EveryScoreOfHostileTextIsInRange) {
  const std::vector<std::string> texts = {"",
                                          " ",
                                          "\xFF\xFE",
                                          std::string(3, '\0'),
                                          "%",
                                          "-",
                                          ".",
                                          ",",
                                          "1e99999",
                                          std::string(5000, '9'),
                                          std::string(5000, '%'),
                                          "\xCE\xA3",
                                          std::string(70000, 'a') + "b"};
  for (const Metric& metric : builtin_metrics()) {
    for (const std::string& prediction : texts) {
      for (const std::string& reference : texts) {
        const std::vector<std::string> references = {reference}, choices = {reference, "x"};
        const double value = metric.score({prediction, references, choices});
        EXPECT_TRUE(value >= 0 && value <= 1) << metric.name;
      }
    }
  }
}

TEST(Metrics, RelaxedAccuracyIsTheRuleOfPix2Struct) {
  EXPECT_EQ(score("relaxed_accuracy", "105", {"100"}), 1);
  EXPECT_EQ(score("relaxed_accuracy", "105.0001", {"100"}), 0);
  EXPECT_EQ(score("relaxed_accuracy", "2%", {"2"}), 0);
  EXPECT_EQ(score("relaxed_accuracy", "0.0", {"0"}), 0);
  EXPECT_EQ(score("relaxed_accuracy", "7", {"1", "7"}), 1);
}

TEST(Metrics, HalfSeparatesTheAnlsVariants) {
  EXPECT_EQ(score("anls", "abxx", {"abcd"}), 0.5);
  EXPECT_EQ(score("anls_strict", "abxx", {"abcd"}), 0);
}

TEST(Metrics, NumericTakesTheLastNumber) {
  EXPECT_EQ(score("numeric", "3 + 4 = 7.", {"7"}), 1);
  EXPECT_EQ(score("numeric", "it costs $1,250.50", {"#### 1250.5"}), 1);
  EXPECT_EQ(score("numeric", "x = -3", {"-3"}), 1);
  EXPECT_EQ(score("numeric", "5-3", {"3"}), 1);
  EXPECT_EQ(score("numeric", "No.5", {"5"}), 1);
  EXPECT_EQ(score("numeric", "7.5", {"7"}), 0);
  EXPECT_EQ(score("numeric", "$.50", {"0.5"}), 1);
  EXPECT_EQ(score("numeric", "x=-.5", {"-0.5"}), 1);
  EXPECT_EQ(score("numeric", "well...5", {"5"}), 1);
  EXPECT_EQ(score("numeric", "none", {"none"}), 0);
}

TEST(Metrics, ContainsIgnoresCaseAndLineBreaks) {
  EXPECT_EQ(score("contains", "The sign says\nOpen Now.", {"says open"}), 1);
  EXPECT_EQ(score("contains", "closed", {"open"}), 0);
}

TEST(Metrics, ChoiceTakesLettersAndTexts) {
  const std::vector<std::string> options = {"cat", "dog", "red bird", "fish"};
  for (const char* prediction : {"B", "(B)", "The answer is B.", "dog", "Dog.", "I think it is a dog"}) {
    EXPECT_EQ(score("choice", prediction, {"dog"}, options), 1) << prediction;
    EXPECT_EQ(score("choice", prediction, {"b"}, options), 1) << prediction;
    EXPECT_EQ(score("choice", prediction, {"cat"}, options), 0) << prediction;
  }
  EXPECT_EQ(score("choice", "a dog or a fish", {"dog"}, options), 0);
  EXPECT_EQ(score("choice", "", {""}, options), 0);
}

}  // namespace
}  // namespace zlens
