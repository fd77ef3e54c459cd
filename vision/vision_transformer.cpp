#include "vision/vision_transformer.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "io/error.h"
#include "modules/context.h"
#include "modules/dtype.h"
#include "modules/gradients.h"
#include "modules/picture_attention.h"
#include "modules/state_dict.h"

namespace zlens {
namespace {

at::Tensor activate(const at::Tensor& x, VisionActivation kind) {
  switch (kind) {
    case VisionActivation::QuickGelu:
      return x * at::sigmoid(1.702 * x);
    case VisionActivation::Gelu:
      return at::gelu(x);
    case VisionActivation::GeluTanh:
      break;
  }
  return kernels::fusable(x) ? kernels::gelu_tanh_differentiable(x) : at::gelu(x, "tanh");
}

std::vector<std::int64_t> counted_from_the_start(const VisionTransformer::Outputs& outputs, std::int64_t layers,
                                                 const std::string& subject) {
  if (outputs.normed) return {layers};
  std::vector<std::int64_t> out;
  for (const std::int64_t state : outputs.hidden_states) {
    const std::int64_t index = state < 0 ? layers + 1 + state : state;
    if (index < 0 || index > layers)
      throw InputError(subject + ": vision_feature_layer " + std::to_string(state) + " is out of range: the vision tower has " +
                       std::to_string(layers) + " layers");
    out.push_back(index);
  }
  return out;
}

// Tensors of a tower that its features do not need: layers behind the last one wanted, the norm of the pooled token, the head.
void ignore_unused(StateDict& weights, const std::string& name, std::int64_t layers, bool normed) {
  for (const std::string& tensor : weights.names()) {
    if (!tensor.starts_with(name + ".")) continue;
    const std::string rest = tensor.substr(name.size() + 1);
    const std::string prefix = "encoder.layers.";
    const bool late = rest.starts_with(prefix) && std::atoll(rest.c_str() + prefix.size()) >= layers;
    if (late || rest.starts_with("head.") || (!normed && rest.starts_with("post_layernorm."))) weights.ignore(tensor);
  }
}

}  // namespace

VisionTransformer::VisionTransformer(const VisionConfig& config, const Outputs& outputs, StateDict& weights,
                                     const std::string& name, AdaptableMatrices& slots)
    : config_(config), wanted_(counted_from_the_start(outputs, config.num_hidden_layers, weights.subject())) {
  const std::int64_t width = config.hidden_size, layers = *std::max_element(wanted_.begin(), wanted_.end());
  ignore_unused(weights, name, layers, outputs.normed);
  const std::string embeddings = name + ".embeddings.";
  if (config.class_token) {
    class_embedding_ = weights.take(embeddings + "class_embedding", {width});
    pre_layernorm_.emplace_back(weights, name + ".pre_layrnorm", width, config.layer_norm_eps);
  }
  patch_weight_ = weights.take(embeddings + "patch_embedding.weight", {width, 3, config.patch_size, config.patch_size});
  if (config.patch_bias) patch_bias_ = weights.take(embeddings + "patch_embedding.bias", {width});
  position_embedding_ = weights.take(embeddings + "position_embedding.weight", {config.positions(), width});
  for (std::int64_t i = 0; i < layers; ++i)
    layers_.push_back(make_layer(config, weights, name + ".encoder.layers." + std::to_string(i), slots));
  if (outputs.normed) post_layernorm_.emplace_back(weights, name + ".post_layernorm", width, config.layer_norm_eps);
}

VisionTransformer::Layer VisionTransformer::make_layer(const VisionConfig& config, StateDict& weights, const std::string& name,
                                                       AdaptableMatrices& slots) {
  const std::int64_t width = config.hidden_size;
  const auto linear = [&](const char* part, std::int64_t in, std::int64_t out) {
    return Linear(weights, name + part, {in, out, true}, slots);
  };
  return {LayerNorm(weights, name + ".layer_norm1", width, config.layer_norm_eps),
          linear(".self_attn.q_proj", width, width),
          linear(".self_attn.k_proj", width, width),
          linear(".self_attn.v_proj", width, width),
          linear(".self_attn.out_proj", width, width),
          LayerNorm(weights, name + ".layer_norm2", width, config.layer_norm_eps),
          linear(".mlp.fc1", width, config.intermediate_size),
          linear(".mlp.fc2", config.intermediate_size, width)};
}

std::int64_t VisionTransformer::width() const {
  return config_.hidden_size * static_cast<std::int64_t>(wanted_.size());
}

std::pair<std::int64_t, std::int64_t> VisionTransformer::grid_of(std::int64_t height, std::int64_t width) const {
  const std::int64_t rows = height / config_.patch_size, columns = width / config_.patch_size, most = config_.grid();
  const bool fits = config_.any_size ? rows >= 1 && columns >= 1 && rows <= most && columns <= most
                                     : height == config_.image_size && width == config_.image_size;
  if (!fits)
    throw InputError("the vision tower takes pictures of " + std::string(config_.any_size ? "at most " : "") +
                     std::to_string(config_.image_size) + " x " + std::to_string(config_.image_size) +
                     " pixels, but the processor gives " + std::to_string(height) + " x " + std::to_string(width));
  return {rows, columns};
}

// Idefics3: a picture of n patches a side takes row floor(i N / n) of a table of N (transformers 5; exact for every n <= N <= 64).
at::Tensor VisionTransformer::positions_of(std::int64_t rows, std::int64_t columns) const {
  const std::int64_t table = config_.grid();
  if (rows == table && columns == table) return position_embedding_;
  const auto buckets = [&](std::int64_t count) { return at::arange(count, at::kLong).mul(table).floor_divide(count); };
  const at::Tensor ids = (buckets(rows) * table).unsqueeze(1) + buckets(columns).unsqueeze(0);  // -> [rows, columns]
  return position_embedding_.index_select(0, ids.flatten().to(position_embedding_.device()));
}

at::Tensor VisionTransformer::embed(const at::Tensor& pixel_values) const {
  const auto [rows, columns] = grid_of(pixel_values.size(2), pixel_values.size(3));
  const std::int64_t patch = config_.patch_size;
  const at::Tensor used = pixel_values.to(patch_weight_.options()).slice(2, 0, rows * patch).slice(3, 0, columns * patch);
  const at::Tensor patches = used.reshape({used.size(0), 3, rows, patch, columns, patch})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({used.size(0), rows * columns, 3 * patch * patch});  // -> [N, P, 3 p p]
  at::Tensor x = product(patches, patch_weight_.flatten(1), patch_bias_);
  if (config_.class_token) x = at::cat({class_embedding_.expand({x.size(0), 1, config_.hidden_size}), x}, 1);
  x = x + positions_of(rows, columns);
  return pre_layernorm_.empty() ? x : pre_layernorm_.front().forward(x);
}

at::Tensor VisionTransformer::attend(const Layer& layer, const at::Tensor& x, const Context& context) const {
  const auto projected = forward_all({&layer.q_proj, &layer.k_proj, &layer.v_proj}, x, context);
  const at::Tensor out = picture_attention(projected[0], projected[1], projected[2], config_.num_attention_heads);
  return layer.out_proj.forward(out, context);
}

at::Tensor VisionTransformer::run_layer(const Layer& layer, const at::Tensor& x, const Context& context) const {
  const at::Tensor seen = x + attend(layer, layer.layer_norm1.forward(x), context);
  const at::Tensor inner = activate(layer.fc1.forward(layer.layer_norm2.forward(seen), context), config_.hidden_act);
  return seen + layer.fc2.forward(inner, context);
}

at::Tensor VisionTransformer::forward(const at::Tensor& pixel_values, const Context& context) const {
  const bool trained = at::GradMode::is_enabled() && patch_weight_.requires_grad();
  if (trained || (context.mix() && context.mix()->requires_grad())) return run(pixel_values, context);
  // One after the other: what stands between two products stays in the processor's cache.
  std::vector<at::Tensor> out;
  for (const at::Tensor& view : pixel_values.split(1)) out.push_back(run(view, context));
  return out.size() == 1 ? out.front() : at::cat(out);
}

at::Tensor VisionTransformer::run(const at::Tensor& pixel_values, const Context& context) const {
  std::vector<at::Tensor> states = {embed(pixel_values)};
  for (const Layer& layer : layers_) states.push_back(run_layer(layer, states.back(), context));
  std::vector<at::Tensor> out;
  for (const std::int64_t index : wanted_) out.push_back(states[static_cast<std::size_t>(index)]);
  if (!post_layernorm_.empty()) out = {post_layernorm_.front().forward(out.front())};
  return out.size() == 1 ? out.front() : at::cat(out, -1);
}

}  // namespace zlens
