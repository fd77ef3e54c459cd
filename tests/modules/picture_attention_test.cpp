#include "modules/picture_attention.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace zlens {
namespace {

// One picture, in double precision.
at::Tensor defined(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, std::int64_t heads) {
  const auto by_head = [&](const at::Tensor& y) { return y[0].to(at::kDouble).unflatten(-1, {heads, -1}).transpose(0, 1); };
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(2) / heads));
  const at::Tensor weights = at::softmax(at::bmm(by_head(query), by_head(key).transpose(1, 2)) * scale, -1);
  return at::bmm(weights, by_head(value)).transpose(0, 1).flatten(1).unsqueeze(0);
}

TEST(PictureAttention, OfMoreTokensThanScoresAreHeldForEqualsTheDefinition) {
  at::manual_seed(1);
  constexpr std::int64_t kTokens = 4500, kHeads = 2;  // two blocks of rows
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const at::Tensor q = at::randn({1, kTokens, 16}).to(dtype), k = at::randn({1, kTokens, 16}).to(dtype),
                     v = at::randn({1, kTokens, 16}).to(dtype);
    const at::Tensor out = picture_attention(q, k, v, kHeads), whole = picture_attention(q.clone().requires_grad_(), k, v, kHeads);
    const double tolerance = dtype == at::kFloat ? 1e-5 : 5e-3;
    EXPECT_LT((out.to(at::kDouble) - defined(q, k, v, kHeads)).abs().max().item<double>(), tolerance) << dtype;
    EXPECT_LT((out - whole).abs().max().item<double>(), tolerance) << dtype;
  }
}

}  // namespace
}  // namespace zlens
