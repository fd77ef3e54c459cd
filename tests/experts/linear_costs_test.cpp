// The choice of forms: break-even points of exact arithmetic and of memory, hostile tables, the shipped table.
#include "experts/linear_costs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "io/error.h"
#include "io/json.h"
#include "io/user_folders.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

constexpr DtypeCosts kArithmetic = {.many_mac = 1e-12, .build_mac = 1e-12};
constexpr DtypeCosts kMemory = {.weight = 1e-12};
constexpr MatrixShape kSquare = {576, 576}, kMlp = {1536, 576}, kLlamaMlp = {14336, 4096}, kKv = {192, 576};

LinearForm choice(const MatrixShape& shape, const FormWork& work, const DtypeCosts& costs) {
  return choose_form({&shape, 1}, work, costs);
}

// Rebuilding W' costs r tokens' worth of products, the factored form r / max(m, n) of one more a token.
TEST(ChooseForm, MergingPaysFromMaxOfTheSidesTokensOn) {
  for (const MatrixShape& shape : {kSquare, kMlp, kLlamaMlp, kKv}) {
    const auto longest = static_cast<double>(std::max(shape.rows, shape.columns));
    EXPECT_EQ(choice(shape, {.prompt_tokens = longest - 1}, kArithmetic), LinearForm::Factored);
    EXPECT_EQ(choice(shape, {.prompt_tokens = longest + 1}, kArithmetic), LinearForm::Merged);
  }
}

TEST(ChooseForm, RatiosOfTheFormsAreThoseOfTheirSizes) {
  const auto factored = [](const MatrixShape& shape) {
    const FormWork work{.decode_steps = 1};
    return form_seconds(LinearForm::Factored, shape, work, kMemory) / form_seconds(LinearForm::Merged, shape, work, kMemory);
  };
  EXPECT_NEAR(factored(kSquare), 2.0, 1e-9);
  EXPECT_NEAR(factored(kMlp), 1.375, 1e-9);
  EXPECT_NEAR(factored(kLlamaMlp), 1.286, 1e-3);
  EXPECT_NEAR(factored(kKv), 1.333, 1e-3);
}

TEST(ChooseForm, DecodingFactoredBeatsMergedCopiesFromTwoExpertsOn) {
  for (const MatrixShape& shape : {kMlp, kLlamaMlp, kKv})
    for (const std::int64_t experts : {1, 2, 3, 8}) {
      const FormWork work{.decode_steps = 100, .batch = 8, .experts = experts};
      const bool cheaper =
          form_seconds(LinearForm::Factored, shape, work, kMemory) < form_seconds(LinearForm::Merged, shape, work, kMemory);
      EXPECT_EQ(cheaper, experts >= 2) << experts;
      if (experts > 1) {
        EXPECT_EQ(choice(shape, work, kMemory), LinearForm::Factored);
      }
    }
}

TEST(ChooseForm, ATruncatedDeltaBeatsFactoredBelowItsBreakEven) {
  const std::int64_t k = kMlp.columns * kMlp.columns / (kMlp.rows + kMlp.columns);  // r² / (m + n)
  EXPECT_EQ(k, 157);
  for (const std::int64_t kept : {k, k + 1}) {
    const FormWork work{.decode_steps = 1, .batch = 8, .experts = 8, .kept = kept};
    EXPECT_EQ(choice(kMlp, work, kMemory), kept == k ? LinearForm::Delta : LinearForm::Factored);
  }
}

TEST(ChooseForm, RowsWithoutAnExpertKeepTheBasesBits) {
  EXPECT_EQ(choice(kMlp, {.prompt_tokens = 400, .base_rows = true}, kArithmetic), LinearForm::Delta);
  EXPECT_EQ(choice(kMlp, {.prompt_tokens = 1e6, .base_rows = true}, kArithmetic), LinearForm::Merged) << "in passes of their own";
}

TEST(ChooseForm, CopiesThatDoNotFitAreNotMade) {
  FormWork work{.prompt_tokens = 1e7, .experts = 3};
  EXPECT_EQ(choice(kMlp, work, kArithmetic), LinearForm::Merged);
  work.copies_fit = false;
  EXPECT_EQ(choice(kMlp, work, kArithmetic), LinearForm::Factored);
}

TEST(ChooseForm, WeighsAllMatricesTogether) {
  const std::vector<MatrixShape> shapes = {kKv, kLlamaMlp};
  EXPECT_EQ(choose_form(shapes, {.prompt_tokens = 600}, kArithmetic), LinearForm::Factored) << "kv alone would merge";
}

TEST(LinearCosts, TheShippedTableIsReadAndPlausible) {
  const LinearCosts costs = LinearCosts::load(assets_folder() / "linear-costs.json");
  EXPECT_EQ(costs.sha256().size(), 64U);
  for (const char* dtype : {"bf16", "fp16", "fp32"}) {
    const DtypeCosts& rates = costs.of(dtype);
    EXPECT_GT(rates.many_mac, 0);
    EXPECT_LT(rates.weight, 1e-8);
  }
  EXPECT_THROW(costs.of("int8"), InputError);
  const FormWork mixed{.prompt_tokens = 3200, .decode_steps = 64, .batch = 8, .experts = 8};
  EXPECT_EQ(choice(kMlp, mixed, costs.of("bf16")), LinearForm::Factored);
  EXPECT_EQ(choice(kMlp, {.prompt_tokens = 1e7, .decode_steps = 1e5}, costs.of("bf16")), LinearForm::Merged);
}

TEST(LinearCosts, DamagedTablesAreRefused) {
  const TemporaryFolder folder;
  const Json good = read_json_file(assets_folder() / "linear-costs.json");
  const auto refused = [&](const Json& table) {
    std::ofstream(folder / "t.json") << table.dump();
    EXPECT_THROW(LinearCosts::load(folder / "t.json"), InputError) << table.dump();
  };
  refused(Json::array());
  Json bad = good;
  bad["format"] = 2;
  refused(bad);
  bad = good;
  bad.erase("bf16");
  refused(bad);
  for (const Json& value : {Json(-1.0), Json("fast"), Json(nullptr)}) {
    bad = good;
    bad["fp32"]["weight_s"] = value;
    refused(bad);
  }
  std::ofstream(folder / "t.json") << "{\"format\": 1,";
  EXPECT_THROW(LinearCosts::load(folder / "t.json"), InputError);
}

}  // namespace
}  // namespace zlens
