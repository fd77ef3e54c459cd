#include "modules/picture_attention.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "modules/gradients.h"
#include "modules/kernels.h"
#include "modules/prompt_attention.h"

namespace zlens {
namespace {

// One picture: [T, H*Dh] each, the query's tokens all or some of them.
at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, std::int64_t heads) {
  const auto by_head = [&](const at::Tensor& y) { return y.unflatten(-1, {heads, -1}).transpose(0, 1); };  // -> [H, T, Dh]
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(-1) / heads));
  const at::Tensor scores = kernels::bmm_transposed_differentiable(by_head(query), by_head(key));  // -> [H, T, T]
  const at::Tensor weights = kernels::fusable(scores) ? kernels::softmax_differentiable(scores.unsqueeze(0), {}, scale)[0]
                                                      : at::softmax(scores * scale, -1);
  return kernels::bmm_differentiable(weights, by_head(value)).transpose(0, 1).flatten(1);
}

// The same without gradients, whose scores need not be held all at once.
at::Tensor attend_in_blocks(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, std::int64_t heads) {
  constexpr std::int64_t kScores = 1 << 24;  // of a block: 64 MB of floats
  const std::int64_t tokens = query.size(0), block = std::max<std::int64_t>(1, kScores / (heads * key.size(0)));
  if (tokens <= block) return attend(query, key, value, heads);
  std::vector<at::Tensor> out;
  for (std::int64_t first = 0; first < tokens; first += block)
    out.push_back(attend(query.slice(0, first, std::min(first + block, tokens)), key, value, heads));
  return at::cat(out);
}

// All pictures by the kernel that reads prompts, whose queries may see all slots here.
at::Tensor attend_without_scores(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, std::int64_t heads) {
  const auto by_head = [&](const at::Tensor& y) {
    return y.unflatten(-1, {heads, -1}).transpose(1, 2).contiguous();  // -> [N, H, T, Dh]
  };
  const std::int64_t pictures = query.size(0), tokens = query.size(1);
  const at::Tensor slots = at::arange(tokens, at::kInt).expand({pictures, tokens}).contiguous();
  const at::Tensor last = at::full({pictures, tokens}, tokens - 1, at::kLong);
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(-1) / heads));
  return kernels::prompt_attention(
      {by_head(query), by_head(key), by_head(value), last, slots, tokens, 0, scale, /*ordered=*/false});
}

}  // namespace

at::Tensor picture_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, std::int64_t heads) {
  const bool plain = !kernels::usable(query) || !kernels::usable(key) || !kernels::usable(value);
  if (!plain && kernels::prompt_attention_usable(query.unflatten(-1, {heads, -1})))
    return attend_without_scores(query, key, value, heads);
  std::vector<at::Tensor> out;
  for (std::int64_t n = 0; n < query.size(0); ++n)
    out.push_back(plain ? attend(query[n], key[n], value[n], heads) : attend_in_blocks(query[n], key[n], value[n], heads));
  return at::stack(out);
}

}  // namespace zlens
