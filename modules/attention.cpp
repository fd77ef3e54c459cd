#include "modules/attention.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "modules/context.h"
#include "modules/gradients.h"
#include "modules/kernels.h"
#include "modules/prompt_attention.h"

namespace zlens {
namespace {

// Queries whose scores are held at once: bounds memory on long prompts and skips what causality hides.
constexpr std::int64_t kQueryBlock = 256;

// Slots up to which the weights of all queries are held for the backward pass.
constexpr std::int64_t kHeldSlots = 4096;

}  // namespace

const at::Tensor& AttentionPlan::mask(const at::Tensor& slots, std::int64_t queries, std::int64_t window,
                                      const at::Tensor& like) const {
  at::Tensor& made = masks_[{queries, window}];
  if (made.defined()) return made;
  const std::int64_t first = tokens - queries;
  const auto column = [&](const at::Tensor& x) { return x.slice(1, first).to(at::kInt).unsqueeze(2); };  // -> [B, T, 1]
  const at::Tensor q = column(positions), k = slots.unsqueeze(1);                                        // -> [B, 1, L]
  at::Tensor seen = k.ge(0).logical_and(k.le(column(newest)));
  if (window > 0) {
    const at::Tensor near = k.gt(q - window);
    seen = seen.logical_and(unwindowed.defined() ? near.logical_or(column(unwindowed)) : near);
  }
  if (visible.defined()) seen = seen.logical_and(visible.slice(1, first));
  seen = seen.logical_or(q.lt(0));  // padding sees everything, to stay finite
  const at::Tensor open = at::zeros(seen.sizes(), at::TensorOptions().dtype(like.scalar_type()));
  made = open.masked_fill_(seen.logical_not(), -std::numeric_limits<double>::infinity()).unsqueeze(1).to(like.device());
  return made;
}

AttentionPlan plan_attention(Context& context, const std::vector<Rope>& ropes, const NewTokens& tokens) {
  AttentionPlan plan;
  plan.tokens = tokens.count;
  plan.positions = context.cache().open_slots(tokens.valid, tokens.count).contiguous();
  plan.newest = plan.positions;
  if (tokens.both_ways) {
    plan.unwindowed = plan.positions.ge(0);
    plan.newest = at::where(plan.unwindowed, plan.positions.amax(1, /*keepdim=*/true), -1).contiguous();
  }
  for (const Rope& rope : ropes) plan.angles.push_back(rope.angles(plan.positions, context.cache().device()));
  return plan;
}

AttentionPlan plan_attention(Context& context, const std::vector<Rope>& ropes, const TokenTree& tree) {
  KvCache& cache = context.cache();
  cache.open_slots_at(tree.positions);
  const std::int64_t batch = tree.positions.size(0), tokens = tree.positions.size(1), slots = tree.branches.size(1);
  const at::Tensor own = tree.branches.slice(1, cache.length());
  const at::Tensor paths = tree.ancestors.gather(1, own.unsqueeze(2).expand({batch, tokens, tree.ancestors.size(2)}));
  AttentionPlan plan;
  plan.tokens = tokens;
  plan.positions = plan.newest = tree.positions;
  plan.visible = paths.gather(2, tree.branches.unsqueeze(1).expand({batch, tokens, slots}));
  if (tree.both_ways.defined()) {
    const at::Tensor ends =
        at::full_like(tree.both_ways, -1, tree.positions.options()).scatter_reduce_(1, own, tree.positions, "amax");
    plan.unwindowed = tree.both_ways.gather(1, own);
    plan.newest = at::where(plan.unwindowed, ends.gather(1, own), tree.positions);
  }
  for (const Rope& rope : ropes) plan.angles.push_back(rope.angles(tree.positions, cache.device()));
  return plan;
}

Attention::Attention(StateDict& weights, const std::string& name, const Options& options, AdaptableMatrices& slots)
    : options_(options),
      q_proj_(weights, name + ".q_proj", {options.hidden_size, options.num_attention_heads * options.head_dim, options.qkv_bias},
              slots),
      k_proj_(weights, name + ".k_proj", {options.hidden_size, options.num_key_value_heads * options.head_dim, options.qkv_bias},
              slots),
      v_proj_(weights, name + ".v_proj", {options.hidden_size, options.num_key_value_heads * options.head_dim, options.qkv_bias},
              slots),
      o_proj_(weights, name + ".o_proj", {options.num_attention_heads * options.head_dim, options.hidden_size, options.output_bias},
              slots) {
  if (!options.qk_norm) return;
  q_norm_.emplace(weights, name + ".q_norm", options.head_dim, *options.qk_norm);
  k_norm_.emplace(weights, name + ".k_norm", options.head_dim, *options.qk_norm);
}

at::Tensor Attention::forward(const at::Tensor& x, const AttentionPlan& plan, Context& context, bool last_only) const {
  Projected in = project(x, last_only ? x.slice(1, plan.tokens - 1) : x, context);
  if (q_norm_) {
    const auto by_head = [&](const RmsNorm& norm, const at::Tensor& y) {
      return norm.forward(y.unflatten(-1, {-1, options_.head_dim})).flatten(-2);  // -> [B, T, H, Dh] -> [B, T, H*Dh]
    };
    in.q = by_head(*q_norm_, in.q);
    in.k = by_head(*k_norm_, in.k);
  }
  const bool fused = !plan.visible.defined() && kernels::usable(in.q) && kernels::usable(in.k) && kernels::usable(in.v);
  return o_proj_.forward(fused ? attend_fused(in, plan, context) : attend_plain(in, plan, context), context);
}

Attention::Projected Attention::project(const at::Tensor& x, const at::Tensor& asking, const Context& context) const {
  if (asking.size(1) == x.size(1)) {
    const auto all = forward_all({&q_proj_, &k_proj_, &v_proj_}, x, context);
    return {all[0], all[1], all[2]};
  }
  const auto kept = forward_all({&k_proj_, &v_proj_}, x, context);
  return {q_proj_.forward(asking, context), kept[0], kept[1]};
}

at::Tensor Attention::attend_fused(const Projected& in, const AttentionPlan& plan, Context& context) const {
  const KvCache& cache = context.cache();
  const std::int64_t first = plan.tokens - in.q.size(1), length = cache.length() + plan.tokens;
  const std::int64_t window = plan.both_ways() ? 0 : options_.window;
  const auto angles_from = [&](std::int64_t token) {
    if (!options_.rope) return kernels::Rotation{{}, {}, options_.head_dim};
    const RopeAngles& angles = plan.angles[*options_.rope];
    return kernels::Rotation{angles.cos.slice(1, token).contiguous(), angles.sin.slice(1, token).contiguous(), options_.head_dim};
  };
  kernels::append(in.k, in.v, angles_from(0), {cache.key(options_.layer), cache.value(options_.layer), cache.length()});
  const at::Tensor query = kernels::rotate_heads(in.q, angles_from(first));  // -> [B, H, Tq, Dh]
  if (options_.softcap > 0) return attend_blocks(query, plan, cache);
  if (query.size(2) == 1)
    return kernels::decode_attention(
        {query, cache.key(options_.layer), cache.value(options_.layer), cache.positions(), length, window, options_.scale});
  if (kernels::prompt_attention_usable(query))
    return kernels::prompt_attention({query, cache.key(options_.layer), cache.value(options_.layer), plan.newest, cache.positions(),
                                      length, window, options_.scale, /*ordered=*/!plan.both_ways()});
  return attend_blocks(query, plan, cache);
}

at::Tensor Attention::attend_blocks(const at::Tensor& query, const AttentionPlan& plan, const KvCache& cache) const {
  const std::int64_t batch = query.size(0), heads = query.size(1), asking = query.size(2), width = query.size(3),
                     kv_heads = cache.key(options_.layer).size(1);
  const std::int64_t group = heads / kv_heads, first = plan.tokens - asking, window = plan.both_ways() ? 0 : options_.window;
  at::Tensor out = at::empty({batch, asking, heads * width}, query.options());
  for (std::int64_t begin = 0; begin < asking; begin += kQueryBlock) {
    const std::int64_t end = std::min(begin + kQueryBlock, asking), count = end - begin;
    // Later slots are invisible to these queries.
    const std::int64_t length = cache.length() + (plan.both_ways() ? plan.tokens : first + end);
    const auto slots = [&](const at::Tensor& all) { return all.slice(2, 0, length).flatten(0, 1); };  // -> [B*Hkv, L, Dh]
    const at::Tensor queries = query.slice(2, begin, end).reshape({batch * kv_heads, group * count, width});
    const at::Tensor scores = at::bmm(queries, slots(cache.key(options_.layer)).transpose(1, 2));  // -> [B*Hkv, G*n, L]
    const double scale = options_.softcap > 0 ? 1.0 : options_.scale;
    if (options_.softcap > 0) scores.mul_(options_.scale / options_.softcap).tanh_().mul_(options_.softcap);
    kernels::masked_softmax({scores.view({batch, heads, count, length}),
                             plan.newest.slice(1, first + begin, first + end).contiguous(), cache.positions(), window, scale});
    const at::Tensor attended = at::bmm(scores, slots(cache.value(options_.layer)));  // -> [B*Hkv, G*n, Dh]
    out.slice(1, begin, end).copy_(attended.view({batch, heads, count, width}).transpose(1, 2).flatten(2));
  }
  return out;
}

at::Tensor Attention::attend_plain(const Projected& in, const AttentionPlan& plan, Context& context) const {
  const auto heads = [&](const at::Tensor& y) { return y.unflatten(-1, {-1, options_.head_dim}).transpose(1, 2); };
  const auto rotated = [&](const at::Tensor& y, std::int64_t first) {
    if (!options_.rope) return heads(y);
    const RopeAngles& all = plan.angles[*options_.rope];
    const RopeAngles angles{all.cos.slice(1, first), all.sin.slice(1, first)};
    return kernels::fusable(y) ? kernels::rotate_heads_differentiable(y, angles, options_.head_dim) : rotate(heads(y), angles);
  };
  const at::Tensor query = rotated(in.q, plan.tokens - in.q.size(1)), key = rotated(in.k, 0),
                   value = heads(in.v);  // -> [B, H, T, Dh]
  const KvCache& cache = context.cache();
  const std::int64_t length = cache.length();
  const auto place = [&](const at::Tensor& slots, const at::Tensor& fresh) {
    if (!fresh.requires_grad()) slots.slice(2, length, length + plan.tokens).copy_(fresh);
    return length == 0 ? fresh : at::cat({slots.slice(2, 0, length), fresh}, 2);
  };
  const at::Tensor keys = place(cache.key(options_.layer), key), values = place(cache.value(options_.layer), value);
  const at::Tensor slots = cache.positions().slice(1, 0, length + plan.tokens);
  const at::Tensor& mask = plan.mask(slots, query.size(2), options_.window, query);
  if (options_.softcap > 0 || (query.is_cpu() && slots.size(1) <= kHeldSlots)) return attend_held(query, keys, values, mask);
  const at::Tensor out = at::scaled_dot_product_attention(query, keys, values, mask, /*dropout_p=*/0.0, /*is_causal=*/false,
                                                          options_.scale, /*enable_gqa=*/query.size(1) != key.size(1));
  return out.transpose(1, 2).flatten(2);  // -> [B, T, H*Dh]
}

// ATen's flash attention keeps no weights but is slow on processors for which its library of products was not made.
at::Tensor Attention::attend_held(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                                  const at::Tensor& mask) const {
  const std::int64_t batch = query.size(0), heads = query.size(1), tokens = query.size(2), width = query.size(3);
  const std::int64_t kv_heads = key.size(1), slots = key.size(2), rows = heads / kv_heads * tokens;
  const auto by_kv_head = [&](const at::Tensor& y, std::int64_t count) { return y.reshape({batch * kv_heads, count, width}); };
  at::Tensor scores =
      kernels::bmm_transposed_differentiable(by_kv_head(query, rows), by_kv_head(key, slots));  // -> [B*Hkv, G*T, L]
  double scale = options_.scale;
  if (options_.softcap > 0) {
    scores = at::tanh(scores * (scale / options_.softcap)) * options_.softcap;
    scale = 1;
  }
  scores = scores.view({batch, heads, tokens, slots});
  const at::Tensor weights =
      (kernels::fusable(scores) ? kernels::softmax_differentiable(scores, mask, scale) : at::softmax(scores * scale + mask, -1))
          .view({batch * kv_heads, rows, slots});
  const at::Tensor out = kernels::bmm_differentiable(weights, by_kv_head(value, slots));  // -> [B*Hkv, G*T, Dh]
  return out.view({batch, heads, tokens, width}).transpose(1, 2).flatten(2);
}

}  // namespace zlens
