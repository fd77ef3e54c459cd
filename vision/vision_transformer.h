// The vision towers of CLIP and SigLIP: one class, its differences are data.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "modules/linear.h"
#include "modules/norm.h"
#include "vision/vision_config.h"

namespace zlens {

class Context;
class StateDict;

// Immutable; safe to share between threads. P patches of a picture; with a class token T = P + 1, else T = P.
class VisionTransformer {
 public:
  struct Outputs {
    // Which hidden states are wanted, as transformers counts them: 0 is what enters the first layer, num_hidden_layers what leaves
    // the last; negative ones count from the end. Layers behind the highest are not built.
    std::vector<std::int64_t> hidden_states;
    bool normed = false;  // the last hidden state behind post_layernorm instead (last_hidden_state)
  };

  // Takes the tensors below `name`; enters its matrices into `slots`. Throws InputError naming a hidden state that does not exist.
  VisionTransformer(const VisionConfig& config, const Outputs& outputs, StateDict& weights, const std::string& name,
                    AdaptableMatrices& slots);

  // pixel_values [N, 3, H, W] in any float dtype -> the wanted hidden states, side by side: [N, T, D * number of states]. The
  // context's mix is one for all N, or has a row for each. Throws InputError where the tower has no such picture size.
  at::Tensor forward(const at::Tensor& pixel_values, const Context& context) const;

  const VisionConfig& config() const { return config_; }
  std::int64_t width() const;  // of what `forward` gives
  // Patches along both sides of a picture of H x W. Throws as `forward` does.
  std::pair<std::int64_t, std::int64_t> grid_of(std::int64_t height, std::int64_t width) const;

 private:
  struct Layer {
    LayerNorm layer_norm1;
    Linear q_proj, k_proj, v_proj, out_proj;
    LayerNorm layer_norm2;
    Linear fc1, fc2;
  };
  static Layer make_layer(const VisionConfig& config, StateDict& weights, const std::string& name, AdaptableMatrices& slots);
  // `forward` of all views at once.
  at::Tensor run(const at::Tensor& pixel_values, const Context& context) const;
  at::Tensor embed(const at::Tensor& pixel_values) const;                  // -> [N, T, D]
  at::Tensor positions_of(std::int64_t rows, std::int64_t columns) const;  // [P or T, D]
  at::Tensor run_layer(const Layer& layer, const at::Tensor& x, const Context& context) const;
  at::Tensor attend(const Layer& layer, const at::Tensor& x, const Context& context) const;

  VisionConfig config_;
  std::vector<std::int64_t> wanted_;  // increasing duplicates allowed: as asked
  at::Tensor class_embedding_, patch_weight_, patch_bias_, position_embedding_;
  std::vector<LayerNorm> pre_layernorm_, post_layernorm_;  // at most one each
  std::vector<Layer> layers_;
};

}  // namespace zlens
