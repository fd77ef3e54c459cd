// The decoder of a language model: one class for Llama 2/3, Mistral, Qwen2/2.5, Qwen3, SmolLM2/3, Gemma 1/2/3.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "modules/attention.h"
#include "modules/context.h"
#include "modules/mlp.h"
#include "modules/norm.h"
#include "modules/rope.h"
#include "text/decoder_config.h"

namespace zlens {

class StateDict;

// Immutable after construction: any number of threads may run it, each with its own Context.
class Decoder {
 public:
  // Takes the tensors below `name` ("model", in a vision-language model "model.language_model") and `lm_head.weight`; enters its
  // matrices into `slots`.
  Decoder(const DecoderConfig& config, StateDict& weights, AdaptableMatrices& slots, const std::string& name = "model");

  // [B, T] int64 -> [B, T, D], for Gemma scaled by sqrt(D) rounded to the weights' dtype. What modalities encode goes beside these
  // rows as it is.
  at::Tensor embed(const at::Tensor& ids) const;

  // Runs T new tokens through all layers and appends them to the context's cache. `valid` [B, T] bool marks real tokens
  // (undefined: all). Returns the normalised hidden states [B, T, D]; rows of padding tokens are meaningless. Wanted::Last: only
  // those of the last token, [B, 1, D], which spares the last layer most of its work.
  enum class Wanted { All, Last };
  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& valid, Context& context, Wanted wanted = Wanted::All) const;

  // The same for tokens that are a prompt, or its end behind what the cache holds of it: where the config says bidirectional_prompt
  // they see each other in both directions.
  at::Tensor forward_prompt(const at::Tensor& embeddings, const at::Tensor& valid, Context& context,
                            Wanted wanted = Wanted::All) const;

  // The same for tokens that form trees, one a row; differentiable in the embeddings and in the context's mix. Only a pass without
  // gradients leaves usable keys and values in the cache.
  at::Tensor forward_tree(const at::Tensor& embeddings, const TokenTree& tree, Context& context) const;

  at::Tensor logits(const at::Tensor& hidden) const;  // [..., D] -> [..., V] in the compute dtype

  const DecoderConfig& config() const { return config_; }
  KvShape kv_shape() const;

  // Different for every decoder of this process: part of the keys of what is cached for it.
  std::uint64_t id() const { return id_; }

 private:
  struct Layer {
    RmsNorm before_attention;
    Attention self_attn;
    std::optional<RmsNorm> after_attention;
    RmsNorm before_mlp;
    GatedMlp mlp;
    std::optional<RmsNorm> after_mlp;
  };
  at::Tensor run_layers(const at::Tensor& embeddings, const AttentionPlan& plan, Context& context, Wanted wanted) const;
  RmsNorm::Options norm_options() const { return {config_.rms_norm_eps, config_.unit_offset_norms}; }
  Attention::Options attention_options(std::int64_t layer) const;
  Layer make_layer(StateDict& weights, const std::string& name, std::int64_t index, AdaptableMatrices& slots) const;

  std::uint64_t id_;
  DecoderConfig config_;
  at::Tensor embed_tokens_;  // [V, D]
  std::vector<Layer> layers_;
  RmsNorm norm_;
  at::Tensor lm_head_;       // [V, D]; the embeddings where tied
  std::vector<Rope> ropes_;  // the config's rope, local_rope
};

}  // namespace zlens
