// Truncated deltas: the certificate against norms computed from dense matrices, and what it bounds.
#include "experts/truncate.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "experts/base_hash.h"
#include "experts/mix.h"
#include "io/error.h"
#include "support/checkpoint.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

SlotChange delta(std::int64_t m, std::int64_t n, std::int64_t rows) {
  at::manual_seed(3);
  const auto [u, s, vt] = at::linalg_svd(at::randn({m, n}), /*full_matrices=*/false);
  SlotChange change{.form = LinearForm::Delta, .factors = std::make_shared<const Factors>(Factors{u.contiguous(), s, vt})};
  change.scale = s * at::randn({rows, s.size(0)}) * at::logspace(0, -4, s.size(0));
  return change;
}

at::Tensor dense(const SlotChange& change, std::int64_t row) {
  return at::matmul(change.factors->u.to(at::kDouble) * change.scale[row].to(at::kDouble), change.factors->vt.to(at::kDouble));
}

TEST(Truncate, TheCertificateIsTheNormOfWhatIsDropped) {
  for (const auto& [m, n] : {std::pair{40, 24}, std::pair{24, 40}, std::pair{288, 300}})
    for (const double tolerance : {0.0, 0.01, 0.1, 0.5}) {
      const SlotChange whole = delta(m, n, 3), cut = truncate(whole, tolerance);
      double spectral = 0, frobenius = 0, change = 0;
      for (std::int64_t row = 0; row < 3; ++row) {
        const at::Tensor lost = dense(whole, row) - dense(cut, row);
        const double error = at::linalg_svdvals(lost)[0].item<double>(),
                     size = at::linalg_svdvals(dense(whole, row))[0].item<double>();
        EXPECT_LE(error, tolerance * size + 1e-5);
        spectral = std::max(spectral, error);
        frobenius = std::max(frobenius, lost.norm().item<double>());
        change = std::max(change, size);
      }
      EXPECT_NEAR(cut.truncation.spectral, spectral, 1e-5);
      EXPECT_NEAR(cut.truncation.frobenius, frobenius, 1e-5);
      EXPECT_NEAR(cut.truncation.change, change, 1e-4);
      EXPECT_EQ(cut.truncation.kept, cut.scale.size(1));
      EXPECT_EQ(cut.truncation.rank, std::min(m, n));
      EXPECT_EQ(cut.truncation.kept == cut.truncation.rank, tolerance == 0) << tolerance;
      if (m > 256) {
        EXPECT_EQ(cut.truncation.kept % 32, 0);
      }
    }
}

TEST(Truncate, KeepsTheUnionOfWhatRowsNeed) {
  SlotChange change = delta(90, 80, 2);
  change.scale = at::full({2, 80}, 1e-6);
  change.scale[0][70] = 5;
  change.scale[1] = 1e-9;
  change.scale[1][77] = 1e-4;  // small, but all that this row has
  const SlotChange cut = truncate(change, 0.1);
  EXPECT_TRUE(at::equal(cut.scale, change.scale.index_select(1, at::tensor({70, 77}))));
  EXPECT_NEAR(cut.truncation.spectral, 1e-6, 1e-12);
}

class TruncatedMix : public testing::Test {
 protected:
  TruncatedMix()
      : model_(load_model_fixture("llama3", folder_.path())),
        factors_(model_, base_hash(*model_, folder_ / "cache"), folder_ / "cache") {
    auto expert = std::make_shared<Expert>();
    expert->name = expert->sha256 = "e";
    expert->base = factors_.base_hash();
    at::manual_seed(1);
    for (const AdaptableMatrix& matrix : model_->matrices()) {
      const std::int64_t rank = factors_.rank(matrix.name);
      const at::Tensor z = 1 + 0.5 * at::randn({rank}) * at::logspace(0, -3, rank);
      expert->z[matrix.name] = std::vector<float>(z.const_data_ptr<float>(), z.const_data_ptr<float>() + rank);
    }
    mix_ = {{expert, 1.0}};
  }

  at::Tensor logits(const MixOptions& options) {
    return prompt_logits(model_->decoder(), {.ids = {3, 14, 15, 92, 65}}, resolve(mix_, factors_, options));
  }

  TemporaryFolder folder_;
  std::shared_ptr<LanguageModel> model_;
  FactorStore factors_;
  Mix mix_;
};

TEST_F(TruncatedMix, LogitsApproachTheExactOnesAsTheToleranceShrinks) {
  const at::Tensor exact = logits({});
  double last = max_difference(exact, prompt_logits(model_->decoder(), {.ids = {3, 14, 15, 92, 65}}, nullptr));
  for (const double tolerance : {0.5, 0.05, 0.001}) {
    const double error = max_difference(logits({.tolerance = tolerance}), exact);
    EXPECT_LT(error, last) << tolerance;
    last = error;
  }
  EXPECT_TRUE(at::equal(logits({.tolerance = 0}), exact));
}

TEST_F(TruncatedMix, CertificatesAreRecordedAndTheToleranceIsPartOfTheIdentity) {
  const auto exact = resolve(mix_, factors_), cut = resolve(mix_, factors_, {.tolerance = 0.05});
  EXPECT_NE(exact->content_hash, cut->content_hash);
  EXPECT_TRUE(certificate(*exact, model_->matrices()).empty());
  const Json all = certificate(*cut, model_->matrices());
  ASSERT_EQ(all.size(), model_->matrices().size());
  for (const Json& one : all) {
    EXPECT_LE(one.at("spectral").get<double>(), 0.05 * one.at("change").get<double>());
    EXPECT_GE(one.at("frobenius").get<double>(), one.at("spectral").get<double>() * 0.999999);
    EXPECT_LT(one.at("kept").get<int>(), one.at("rank").get<int>());
  }
}

TEST_F(TruncatedMix, SenselessOptionsAreRefused) {
  for (const double tolerance : {-0.1, 1.0, std::nan("")})
    EXPECT_THROW(resolve(mix_, factors_, {.tolerance = tolerance}), InputError);
  EXPECT_THROW(resolve(mix_, factors_, {.form = LinearForm::Factored, .tolerance = 0.1}), InputError);
}

}  // namespace
}  // namespace zlens
