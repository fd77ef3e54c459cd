#include "vision/vision_config.h"

#include <array>
#include <map>

#include "io/error.h"

namespace zlens {
namespace {

constexpr IntegerRange kWidth{1, 1 << 17}, kIntermediate{1, 1 << 20}, kLayers{1, 4096}, kHeads{1, 4096}, kSide{1, 1 << 14};

// Class defaults of transformers 5.23.
struct TowerDefaults {
  const char* model_type;
  std::int64_t hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, image_size, patch_size;
  double layer_norm_eps;
  const char* hidden_act;
  bool class_token, patch_bias, any_size;
};

constexpr std::array<TowerDefaults, 4> kTowers = {{
    {"clip_vision_model", 768, 3072, 12, 12, 224, 32, 1e-5, "quick_gelu", true, false, false},
    {"siglip_vision_model", 768, 3072, 12, 12, 224, 16, 1e-6, "gelu_pytorch_tanh", false, true, false},
    {"idefics3_vision", 1152, 3072, 12, 16, 224, 32, 1e-6, "gelu_pytorch_tanh", false, true, true},
    {"smolvlm_vision", 1152, 3072, 12, 16, 224, 32, 1e-6, "gelu_pytorch_tanh", false, true, true},
}};

std::string known_types() {
  std::string out;
  for (const std::string& name : vision_model_types()) out += (out.empty() ? "" : ", ") + name;
  return out;
}

const TowerDefaults& defaults_of(const ConfigReader& config, const std::string& model_type) {
  for (const TowerDefaults& tower : kTowers)
    if (model_type == tower.model_type) return tower;
  config.fail("model_type", "'" + model_type + "' is no vision tower that is supported (known: " + known_types() + ")");
}

VisionActivation read_activation(const ConfigReader& config, const char* fallback) {
  static const std::map<std::string, VisionActivation> known = {{"quick_gelu", VisionActivation::QuickGelu},
                                                                {"gelu", VisionActivation::Gelu},
                                                                {"gelu_pytorch_tanh", VisionActivation::GeluTanh}};
  const std::string name = config.string("hidden_act", fallback);
  const auto found = known.find(name);
  if (found == known.end())
    config.fail("hidden_act", "'" + name + "' is not supported (known: gelu, gelu_pytorch_tanh, quick_gelu)");
  return found->second;
}

}  // namespace

const std::vector<std::string>& vision_model_types() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const TowerDefaults& tower : kTowers) out.emplace_back(tower.model_type);
    return out;
  }();
  return names;
}

VisionConfig parse_vision_config(const ConfigReader& config, const std::string& fallback_type) {
  VisionConfig out;
  out.model_type = config.string("model_type", fallback_type);
  const TowerDefaults& tower = defaults_of(config, out.model_type);
  out.hidden_size = config.integer("hidden_size", kWidth, tower.hidden_size);
  out.intermediate_size = config.integer("intermediate_size", kIntermediate, tower.intermediate_size);
  out.num_hidden_layers = config.integer("num_hidden_layers", kLayers, tower.num_hidden_layers);
  out.num_attention_heads = config.integer("num_attention_heads", kHeads, tower.num_attention_heads);
  out.image_size = config.integer("image_size", kSide, tower.image_size);
  out.patch_size = config.integer("patch_size", kSide, tower.patch_size);
  out.layer_norm_eps = config.number("layer_norm_eps", 1e-12, 0.1, tower.layer_norm_eps);
  out.hidden_act = read_activation(config, tower.hidden_act);
  out.class_token = tower.class_token;
  out.patch_bias = tower.patch_bias;
  out.any_size = tower.any_size;
  config.integer("num_channels", {3, 3}, 3);
  if (out.hidden_size % out.num_attention_heads != 0)
    config.fail("hidden_size", std::to_string(out.hidden_size) + " is no multiple of num_attention_heads " +
                                   std::to_string(out.num_attention_heads));
  if (out.patch_size > out.image_size)
    config.fail("patch_size", std::to_string(out.patch_size) + " is larger than image_size " + std::to_string(out.image_size));
  return out;
}

}  // namespace zlens
