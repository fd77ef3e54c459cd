// Self-attention of a decoder layer, grouped queries, over a KV cache.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "modules/kv_cache.h"
#include "modules/linear.h"
#include "modules/norm.h"
#include "modules/rope.h"

namespace zlens {

// What one forward pass over T new tokens needs in every layer; made once.
class AttentionPlan {
 public:
  std::int64_t tokens = 0;
  at::Tensor positions;  // [B, T] int64, -1: padding
  RopeAngles angles;     // of those positions
  at::Tensor visible;    // [B, T, L] bool: what a tree of tokens lets each see besides the order of positions; undefined: all

  // [B, 1, Tq, L] additive, for the last Tq queries and the slots [B, L]: 0 where a query may see a slot, -inf elsewhere. Made once
  // for each window. On the device and of the dtype of `like`.
  const at::Tensor& mask(const at::Tensor& slots, std::int64_t queries, std::int64_t window, const at::Tensor& like) const;

 private:
  mutable std::map<std::pair<std::int64_t, std::int64_t>, at::Tensor> masks_;
};

// Tokens that form a tree of branches. A token sees the earlier ones of its own branch and of the branches that it continues. So
// several questions share the forward and the backward pass of their text, and several answers those of their question.
struct TokenTree {
  at::Tensor positions;  // [1, T] int64 of the new tokens, along the path from the root
  at::Tensor branches;   // [L] int64 of every slot: what the cache holds, then the new tokens
  at::Tensor ancestors;  // [N, N] bool: branch i continues branch j (or is it)
};

// Opens slots for the new tokens in the context's cache. `valid` [B, T] bool; undefined: all.
AttentionPlan plan_attention(Context& context, const Rope& rope, const at::Tensor& valid, std::int64_t tokens);
AttentionPlan plan_attention(Context& context, const Rope& rope, const TokenTree& tree);

// Immutable; safe to share between threads.
class Attention {
 public:
  struct Options {
    std::int64_t layer = 0;  // which of the cache's tensors
    std::int64_t hidden_size = 0, num_attention_heads = 0, num_key_value_heads = 0, head_dim = 0;
    bool qkv_bias = false, output_bias = false;
    bool qk_norm = false;  // RMS norm over head_dim before the rotation (Qwen3)
    double rms_norm_eps = 1e-6;
    bool rope = true;         // false: this layer knows no positions (SmolLM3)
    std::int64_t window = 0;  // sliding window; 0: all
    double scale = 1;
  };
  Attention(StateDict& weights, const std::string& name, const Options& options, AdaptableMatrices& slots);

  // [B, T, D] -> [B, T, D]; with `last_only` the keys and values of all tokens are kept, but only the last one asks. -> [B, 1, D]
  at::Tensor forward(const at::Tensor& x, const AttentionPlan& plan, Context& context, bool last_only = false) const;

 private:
  struct Projected {
    at::Tensor q, k, v;  // [B, Tq, H*Dh], [B, T, Hkv*Dh] twice; Tq is T or 1
  };
  Projected project(const at::Tensor& x, const at::Tensor& asking, const Context& context) const;
  // Fused loops over the cache, and plain differentiable ATen that leaves the cache as it is. -> [B, Tq, H*Dh]
  at::Tensor attend_fused(const Projected& in, const AttentionPlan& plan, Context& context) const;
  at::Tensor attend_plain(const Projected& in, const AttentionPlan& plan, Context& context) const;
  // Differentiable, by products that keep the weights of all queries. query [B, H, T, Dh], key and value [B, Hkv, L, Dh], mask
  // [B, 1, T, L] -> [B, T, H*Dh]
  at::Tensor attend_held(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const at::Tensor& mask) const;
  // Softmax attention of `query` [B, H, T, Dh] over the cache, a block of queries at a time. -> [B, T, H*Dh]
  at::Tensor attend_blocks(const at::Tensor& query, const AttentionPlan& plan, const KvCache& cache) const;

  Options options_;
  Linear q_proj_, k_proj_, v_proj_, o_proj_;
  std::optional<RmsNorm> q_norm_, k_norm_;
};

}  // namespace zlens
