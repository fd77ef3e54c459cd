// Self-attention of a decoder layer, grouped queries, over a KV cache.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "modules/kv_cache.h"
#include "modules/linear.h"
#include "modules/norm.h"
#include "modules/rope.h"

namespace zlens {

// What one forward pass over T new tokens needs in every layer; made once.
class AttentionPlan {
 public:
  std::int64_t tokens = 0;
  at::Tensor positions;            // [B, T] int64, -1: padding
  std::vector<RopeAngles> angles;  // of those positions, for each of the decoder's rotations
  at::Tensor newest;               // [B, T] int64: the last position that each may see, -1: padding
  // [B, T] bool: tokens of a prompt that is read in both directions, from which no window hides anything; undefined: none.
  at::Tensor unwindowed;
  at::Tensor visible;  // [B, T, L] bool: what a tree of tokens lets each see besides the order of positions; undefined: all

  // Everything up to the end of the pass is in sight of every token.
  bool both_ways() const { return unwindowed.defined() && !visible.defined(); }

  // [B, 1, Tq, L] additive, for the last Tq queries and the slots [B, L]: 0 where a query may see a slot, -inf elsewhere. Made once
  // for each window. On the device and of the dtype of `like`.
  const at::Tensor& mask(const at::Tensor& slots, std::int64_t queries, std::int64_t window, const at::Tensor& like) const;

 private:
  mutable std::map<std::pair<std::int64_t, std::int64_t>, at::Tensor> masks_;
};

// Tokens that form a tree of branches. A token sees the earlier ones of its own branch and of the branches that it continues. So
// several questions share the forward and the backward pass of their text, and several answers those of their question. Each row of
// a batch is a tree.
struct TokenTree {
  at::Tensor positions;  // [B, T] int64 of the new tokens, along the path from the root; -1: padding
  at::Tensor branches;   // [B, L] int64 of every slot: what the cache holds, then the new tokens
  at::Tensor ancestors;  // [B, N, N] bool: branch i continues branch j (or is it)
  // [B, N] bool: a new token of this branch sees all of it, what comes later and what a window would hide, too; undefined: none.
  at::Tensor both_ways{};
};

// What the new tokens of a pass are.
struct NewTokens {
  at::Tensor valid;  // [B, T] bool; undefined: all
  std::int64_t count = 0;
  bool both_ways = false;  // they end a prompt whose tokens see each other in both directions
};

// Opens slots for the new tokens in the context's cache.
AttentionPlan plan_attention(Context& context, const std::vector<Rope>& ropes, const NewTokens& tokens);
AttentionPlan plan_attention(Context& context, const std::vector<Rope>& ropes, const TokenTree& tree);

// Immutable; safe to share between threads.
class Attention {
 public:
  struct Options {
    std::int64_t layer = 0;  // which of the cache's tensors
    std::int64_t hidden_size = 0, num_attention_heads = 0, num_key_value_heads = 0, head_dim = 0;
    bool qkv_bias = false, output_bias = false;
    std::optional<RmsNorm::Options> qk_norm;  // over head_dim before the rotation (Qwen3, Gemma 3)
    std::optional<std::size_t> rope = 0;      // which of the plan's rotations; none: this layer knows no positions (SmolLM3)
    std::int64_t window = 0;                  // sliding window; 0: all
    double scale = 1;
    double softcap = 0;  // scores become softcap * tanh(scores / softcap) (Gemma 2); 0: they stay
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
  // Softmax attention of `query` [B, H, Tq, Dh] over the cache, a block of queries at a time. -> [B, Tq, H*Dh]
  at::Tensor attend_blocks(const at::Tensor& query, const AttentionPlan& plan, const KvCache& cache) const;

  Options options_;
  Linear q_proj_, k_proj_, v_proj_, o_proj_;
  std::optional<RmsNorm> q_norm_, k_norm_;
};

}  // namespace zlens
