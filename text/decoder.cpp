#include "text/decoder.h"

#include <ATen/ATen.h>

#include <atomic>
#include <cmath>

#include "modules/kernels.h"
#include "modules/state_dict.h"

namespace zlens {
namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> count{0};
  return ++count;
}

RopeOptions rope_options(const RopeSettings& settings) {
  return {settings.rope_type,       settings.rope_theta,       settings.factor,
          settings.low_freq_factor, settings.high_freq_factor, settings.original_max_position_embeddings};
}

// transformers 5: tie where the config says so and only one of the two is stored; two stored tensors stay two.
at::Tensor take_lm_head(const DecoderConfig& config, StateDict& weights, const at::Tensor& embed_tokens) {
  if (config.tie_word_embeddings && !weights.has("lm_head.weight")) return embed_tokens;
  return weights.take("lm_head.weight", {config.vocab_size, config.hidden_size});
}

at::Tensor take_embeddings(const DecoderConfig& config, StateDict& weights, const std::string& name) {
  const bool only_head = config.tie_word_embeddings && !weights.has(name);
  return weights.take(only_head ? "lm_head.weight" : name, {config.vocab_size, config.hidden_size});
}

}  // namespace

Decoder::Decoder(const DecoderConfig& config, StateDict& weights, AdaptableMatrices& slots, const std::string& name)
    : id_(next_id()),
      config_(config),
      embed_tokens_(take_embeddings(config, weights, name + ".embed_tokens.weight")),
      norm_(weights, name + ".norm", config.hidden_size, config.rms_norm_eps),
      lm_head_(take_lm_head(config, weights, embed_tokens_)),
      rope_(rope_options(config.rope), config.head_dim) {
  layers_.reserve(static_cast<std::size_t>(config.num_hidden_layers));
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) layers_.push_back(make_layer(weights, name + ".layers." + std::to_string(i), i, slots));
}

Decoder::Layer Decoder::make_layer(StateDict& weights, const std::string& name, std::int64_t index, AdaptableMatrices& slots) const {
  const auto i = static_cast<std::size_t>(index);
  const Attention::Options attention{.layer = index,
                                     .hidden_size = config_.hidden_size,
                                     .num_attention_heads = config_.num_attention_heads,
                                     .num_key_value_heads = config_.num_key_value_heads,
                                     .head_dim = config_.head_dim,
                                     .qkv_bias = config_.qkv_bias,
                                     .output_bias = config_.attention_output_bias,
                                     .qk_norm = config_.qk_norm,
                                     .rms_norm_eps = config_.rms_norm_eps,
                                     .rope = config_.layer_rotates[i],
                                     .window = config_.layer_slides[i] ? config_.sliding_window : 0,
                                     .scale = 1.0 / std::sqrt(static_cast<double>(config_.head_dim))};
  return {RmsNorm(weights, name + ".input_layernorm", config_.hidden_size, config_.rms_norm_eps),
          Attention(weights, name + ".self_attn", attention, slots),
          RmsNorm(weights, name + ".post_attention_layernorm", config_.hidden_size, config_.rms_norm_eps),
          GatedMlp(weights, name + ".mlp", {config_.hidden_size, config_.intermediate_size, config_.mlp_bias}, slots)};
}

KvShape Decoder::kv_shape() const {
  return {config_.num_hidden_layers, config_.num_key_value_heads, config_.head_dim, embed_tokens_.scalar_type(),
          embed_tokens_.device()};
}

at::Tensor Decoder::embed(const at::Tensor& ids) const {
  return at::embedding(embed_tokens_, ids.to(embed_tokens_.device()));
}

at::Tensor Decoder::forward(const at::Tensor& embeddings, const at::Tensor& valid, Context& context, Wanted wanted) const {
  return run_layers(embeddings, plan_attention(context, rope_, valid, embeddings.size(1)), context, wanted);
}

at::Tensor Decoder::forward_tree(const at::Tensor& embeddings, const TokenTree& tree, Context& context) const {
  return run_layers(embeddings, plan_attention(context, rope_, tree), context, Wanted::All);
}

at::Tensor Decoder::run_layers(const at::Tensor& embeddings, const AttentionPlan& plan, Context& context, Wanted wanted) const {
  const std::int64_t tokens = plan.tokens;
  kernels::AddedNorm x{embeddings, layers_.front().input_layernorm.forward(embeddings)};
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const bool last = i + 1 == layers_.size(), last_only = wanted == Wanted::Last && tokens > 1 && last;
    const at::Tensor attended = layer.self_attn.forward(x.normed, plan, context, last_only);
    x = layer.post_attention_layernorm.forward(last_only ? x.sum.slice(1, tokens - 1) : x.sum, attended);
    x = (last ? norm_ : layers_[i + 1].input_layernorm).forward(x.sum, layer.mlp.forward(x.normed, context));
  }
  context.cache().advance(tokens);
  return x.normed;
}

at::Tensor Decoder::logits(const at::Tensor& hidden) const {
  return product(hidden, lm_head_);
}

}  // namespace zlens
