#include "modules/attention.h"

#include <ATen/ATen.h>

#include <limits>

#include "modules/context.h"
#include "modules/kernels.h"

namespace zlens {
namespace {

// [B, 1, T, L] additive: 0 where query t may see slot l, -inf elsewhere. Padding queries see everything, to stay finite.
at::Tensor additive_mask(const at::Tensor& queries, const at::Tensor& slots, std::int64_t window, at::ScalarType dtype) {
  const at::Tensor q = queries.to(at::kInt).unsqueeze(2), k = slots.unsqueeze(1);  // -> [B, T, 1], [B, 1, L]
  at::Tensor visible = k.ge(0).logical_and(k.le(q));
  if (window > 0) visible = visible.logical_and(k.gt(q - window));
  visible = visible.logical_or(q.lt(0));
  const at::Tensor mask = at::zeros(visible.sizes(), at::TensorOptions().dtype(dtype));
  return mask.masked_fill_(visible.logical_not(), -std::numeric_limits<double>::infinity()).unsqueeze(1);
}

}  // namespace

AttentionPlan plan_attention(Context& context, const Rope& rope, const at::Tensor& valid, std::int64_t tokens, std::int64_t window,
                             at::ScalarType dtype) {
  KvCache& cache = context.cache();
  AttentionPlan plan;
  plan.tokens = tokens;
  const bool fresh = cache.empty();
  plan.positions = cache.open_slots(valid, tokens);
  plan.angles = rope.angles(plan.positions);
  plan.causal = fresh && !cache.has_padding();
  const at::Tensor slots = cache.positions().slice(1, 0, cache.length() + tokens);
  // Single tokens are handled by the fused loop, which reads positions instead of a mask (kernels::decode_attention).
  const bool masked = !plan.causal || (window > 0 && tokens > window);
  if (!masked) return plan;
  plan.full_mask = additive_mask(plan.positions, slots, 0, dtype);
  if (window > 0) plan.sliding_mask = additive_mask(plan.positions, slots, window, dtype);
  return plan;
}

Attention::Attention(StateDict& weights, const std::string& name, const Options& options, AdaptableMatrices& slots)
    : options_(options),
      q_proj_(weights, name + ".q_proj",
              {options.hidden_size, options.num_attention_heads * options.head_dim, options.qkv_bias}, slots),
      k_proj_(weights, name + ".k_proj",
              {options.hidden_size, options.num_key_value_heads * options.head_dim, options.qkv_bias}, slots),
      v_proj_(weights, name + ".v_proj",
              {options.hidden_size, options.num_key_value_heads * options.head_dim, options.qkv_bias}, slots),
      o_proj_(weights, name + ".o_proj",
              {options.num_attention_heads * options.head_dim, options.hidden_size, options.output_bias}, slots) {
  if (!options.qk_norm) return;
  q_norm_.emplace(weights, name + ".q_norm", options.head_dim, options.rms_norm_eps);
  k_norm_.emplace(weights, name + ".k_norm", options.head_dim, options.rms_norm_eps);
}

at::Tensor Attention::forward(const at::Tensor& x, const AttentionPlan& plan, Context& context) const {
  at::Tensor q = q_proj_.forward(x, context), k = k_proj_.forward(x, context);
  const at::Tensor v = v_proj_.forward(x, context);
  if (q_norm_) {
    const auto by_head = [&](const RmsNorm& norm, const at::Tensor& y) {
      return norm.forward(y.unflatten(-1, {-1, options_.head_dim})).flatten(-2);  // -> [B, T, H, Dh] -> [B, T, H*Dh]
    };
    q = by_head(*q_norm_, q);
    k = by_head(*k_norm_, k);
  }
  const bool fused = kernels::usable(q) && kernels::usable(k) && kernels::usable(v);
  return o_proj_.forward(fused ? attend_fused(q, k, v, plan, context) : attend_plain(q, k, v, plan, context), context);
}

at::Tensor Attention::attend_fused(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionPlan& plan,
                                   Context& context) const {
  const KvCache& cache = context.cache();
  const at::Tensor cos = options_.rope ? plan.angles.cos : at::Tensor(), sin = options_.rope ? plan.angles.sin : at::Tensor();
  const at::Tensor query = kernels::rope_append({q, k, v, cos, sin, cache.key(options_.layer), cache.value(options_.layer),
                                                 cache.length(), options_.head_dim});  // -> [B, H, T, Dh]
  const std::int64_t length = cache.length() + plan.tokens;
  if (plan.tokens == 1)
    return kernels::decode_attention({query, cache.key(options_.layer), cache.value(options_.layer), cache.positions(), length,
                                      options_.window, options_.scale});
  return scaled_dot_product(query, cache.key(options_.layer).slice(2, 0, length), cache.value(options_.layer).slice(2, 0, length), plan);
}

at::Tensor Attention::attend_plain(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionPlan& plan,
                                   Context& context) const {
  const auto heads = [&](const at::Tensor& y) { return y.unflatten(-1, {-1, options_.head_dim}).transpose(1, 2); };
  at::Tensor query = heads(q), key = heads(k), value = heads(v);  // -> [B, H, T, Dh]
  if (options_.rope) {
    query = rotate(query, plan.angles);
    key = rotate(key, plan.angles);
  }
  const KvCache& cache = context.cache();
  const std::int64_t length = cache.length();
  const auto place = [&](const at::Tensor& slots, const at::Tensor& fresh) {
    if (!fresh.requires_grad()) slots.slice(2, length, length + plan.tokens).copy_(fresh);
    return length == 0 ? fresh : at::cat({slots.slice(2, 0, length), fresh}, 2);
  };
  return scaled_dot_product(query, place(cache.key(options_.layer), key), place(cache.value(options_.layer), value), plan);
}

at::Tensor Attention::scaled_dot_product(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                         const AttentionPlan& plan) const {
  const bool sliding = options_.window > 0 && plan.sliding_mask.defined();
  at::Tensor mask = sliding ? plan.sliding_mask : plan.full_mask;
  if (mask.defined()) mask = mask.to(q.device());
  const std::optional<at::Tensor> given = mask.defined() ? std::optional<at::Tensor>(mask) : std::nullopt;
  const at::Tensor out = at::scaled_dot_product_attention(q, k, v, given, /*dropout_p=*/0.0, /*is_causal=*/!given, options_.scale,
                                                          /*enable_gqa=*/q.size(1) != k.size(1));
  return out.transpose(1, 2).flatten(2);  // -> [B, T, H*Dh]
}

}  // namespace zlens
