// What shapes a vision tower, read from the vision part of a config.json. Free of torch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "modules/config_reader.h"

namespace zlens {

enum class VisionActivation { QuickGelu, Gelu, GeluTanh };

// Field names as in Hugging Face configs. One description for CLIP's and SigLIP's towers.
struct VisionConfig {
  std::string model_type;
  std::int64_t hidden_size = 0, intermediate_size = 0, num_hidden_layers = 0, num_attention_heads = 0;
  std::int64_t image_size = 0, patch_size = 0;
  double layer_norm_eps = 1e-6;
  VisionActivation hidden_act = VisionActivation::GeluTanh;
  bool class_token = false;  // one more token in front, and a norm before the first layer (CLIP)
  bool patch_bias = true;    // of the patch embedding
  bool any_size = false;     // pictures may be smaller than image_size: positions are taken from the table by bucket (Idefics3)

  std::int64_t head_dim() const { return hidden_size / num_attention_heads; }
  std::int64_t grid() const { return image_size / patch_size; }  // patches along a side; what is left of a side is unused
  std::int64_t positions() const { return grid() * grid() + (class_token ? 1 : 0); }
};

// The model types that `parse_vision_config` knows.
const std::vector<std::string>& vision_model_types();

// Keys that the object lacks take transformers 5.23's class defaults of its model_type, or of `fallback_type` where it names none.
// Throws InputError "<subject>: <key> …" on an unknown type or activation and on every value out of range.
VisionConfig parse_vision_config(const ConfigReader& config, const std::string& fallback_type);

}  // namespace zlens
