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

std::vector<Rope> make_ropes(const DecoderConfig& config) {
  std::vector<Rope> out{Rope(rope_options(config.rope), config.head_dim)};
  if (config.local_rope) out.emplace_back(rope_options(*config.local_rope), config.head_dim);
  return out;
}

// transformers 5: tie where the config says so and only one of the two is stored; two stored tensors stay two.
at::Tensor take_lm_head(const DecoderConfig& config, StateDict& weights, const at::Tensor& embed_tokens) {
  if (config.tie_word_embeddings && !weights.has("lm_head.weight")) return embed_tokens;
  return weights.take("lm_head.weight", {config.vocab_size, config.hidden_size});
}

at::Tensor take_embeddings(const DecoderConfig& config, StateDict& weights, const std::string& name) {
  const bool only_head = config.tie_word_embeddings && !weights.has(name) && weights.has("lm_head.weight");
  return weights.take(only_head ? "lm_head.weight" : name, {config.vocab_size, config.hidden_size});
}

}  // namespace

Decoder::Decoder(const DecoderConfig& config, StateDict& weights, AdaptableMatrices& slots, const std::string& name)
    : id_(next_id()),
      config_(config),
      embed_tokens_(take_embeddings(config, weights, name + ".embed_tokens.weight")),
      norm_(weights, name + ".norm", config.hidden_size, norm_options()),
      lm_head_(take_lm_head(config, weights, embed_tokens_)),
      ropes_(make_ropes(config)) {
  layers_.reserve(static_cast<std::size_t>(config.num_hidden_layers));
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.push_back(make_layer(weights, name + ".layers." + std::to_string(i), i, slots));
}

Attention::Options Decoder::attention_options(std::int64_t layer) const {
  const auto i = static_cast<std::size_t>(layer);
  const std::size_t rope = config_.local_rope && config_.layer_slides[i] ? 1 : 0;
  return {.layer = layer,
          .hidden_size = config_.hidden_size,
          .num_attention_heads = config_.num_attention_heads,
          .num_key_value_heads = config_.num_key_value_heads,
          .head_dim = config_.head_dim,
          .qkv_bias = config_.qkv_bias,
          .output_bias = config_.attention_output_bias,
          .qk_norm = config_.qk_norm ? std::optional(norm_options()) : std::nullopt,
          .rope = config_.layer_rotates[i] ? std::optional(rope) : std::nullopt,
          .window = config_.layer_slides[i] ? config_.sliding_window : 0,
          .scale = 1.0 / std::sqrt(static_cast<double>(config_.query_pre_attn_scalar)),
          .softcap = config_.attn_logit_softcapping};
}

Decoder::Layer Decoder::make_layer(StateDict& weights, const std::string& name, std::int64_t index,
                                   AdaptableMatrices& slots) const {
  const auto norm = [&](const char* norm_name) {
    return RmsNorm(weights, name + "." + norm_name, config_.hidden_size, norm_options());
  };
  const auto activation = config_.hidden_act == "silu" ? GateActivation::Silu : GateActivation::GeluTanh;
  const GatedMlp::Options mlp{config_.hidden_size, config_.intermediate_size, config_.mlp_bias, activation};
  // The same name stands for another place where there are four norms.
  const bool four = config_.sandwich_norms;
  return {norm("input_layernorm"),
          Attention(weights, name + ".self_attn", attention_options(index), slots),
          four ? std::optional(norm("post_attention_layernorm")) : std::nullopt,
          norm(four ? "pre_feedforward_layernorm" : "post_attention_layernorm"),
          GatedMlp(weights, name + ".mlp", mlp, slots),
          four ? std::optional(norm("post_feedforward_layernorm")) : std::nullopt};
}

KvShape Decoder::kv_shape() const {
  return {config_.num_hidden_layers, config_.num_key_value_heads, config_.head_dim, embed_tokens_.scalar_type(),
          embed_tokens_.device()};
}

at::Tensor Decoder::embed(const at::Tensor& ids) const {
  const at::Tensor rows = at::embedding(embed_tokens_, ids.to(embed_tokens_.device()));
  if (!config_.scaled_embeddings) return rows;
  const double root = std::sqrt(static_cast<double>(config_.hidden_size));
  return rows * at::scalar_tensor(root, at::kFloat).to(rows.scalar_type()).item<double>();
}

at::Tensor Decoder::forward(const at::Tensor& embeddings, const at::Tensor& valid, Context& context, Wanted wanted) const {
  return run_layers(embeddings, plan_attention(context, ropes_, NewTokens{valid, embeddings.size(1)}), context, wanted);
}

at::Tensor Decoder::forward_prompt(const at::Tensor& embeddings, const at::Tensor& valid, Context& context, Wanted wanted) const {
  const NewTokens tokens{valid, embeddings.size(1), config_.bidirectional_prompt};
  return run_layers(embeddings, plan_attention(context, ropes_, tokens), context, wanted);
}

at::Tensor Decoder::forward_tree(const at::Tensor& embeddings, const TokenTree& tree, Context& context) const {
  return run_layers(embeddings, plan_attention(context, ropes_, tree), context, Wanted::All);
}

at::Tensor Decoder::run_layers(const at::Tensor& embeddings, const AttentionPlan& plan, Context& context, Wanted wanted) const {
  const std::int64_t tokens = plan.tokens;
  const auto normed = [](const std::optional<RmsNorm>& norm, const at::Tensor& y) { return norm ? norm->forward(y) : y; };
  kernels::AddedNorm x{embeddings, layers_.front().before_attention.forward(embeddings)};
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const bool last = i + 1 == layers_.size(), last_only = wanted == Wanted::Last && tokens > 1 && last;
    const at::Tensor attended = normed(layer.after_attention, layer.self_attn.forward(x.normed, plan, context, last_only));
    x = layer.before_mlp.forward(last_only ? x.sum.slice(1, tokens - 1) : x.sum, attended);
    const at::Tensor fed = normed(layer.after_mlp, layer.mlp.forward(x.normed, context));
    x = (last ? norm_ : layers_[i + 1].before_attention).forward(x.sum, fed);
  }
  context.cache().advance(tokens);
  return x.normed;
}

at::Tensor Decoder::logits(const at::Tensor& hidden) const {
  const at::Tensor raw = product(hidden, lm_head_);
  const double cap = config_.final_logit_softcapping;
  return cap > 0 ? at::tanh(raw / cap) * cap : raw;
}

}  // namespace zlens
