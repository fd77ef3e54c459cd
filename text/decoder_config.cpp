#include "text/decoder_config.h"

#include <algorithm>
#include <array>

#include "io/error.h"
#include "modules/config_reader.h"

namespace zlens {
namespace {

constexpr IntegerRange kVocab{1, 1 << 24}, kWidth{1, 1 << 17}, kLayers{1, 4096}, kHeads{1, 4096}, kHeadDim{2, 4096};
constexpr IntegerRange kLength{1, std::int64_t{1} << 32}, kTokenId{0, 1 << 24}, kIntermediate{1, 1 << 20}, kPeriod{1, 4096};
constexpr IntegerRange kWindow{1, 1 << 30};  // positions are 32 bits wide in the loops of attention

// Class defaults of transformers 5.23 for keys that a checkpoint's config.json may leave out.
struct FamilyDefaults {
  const char* model_type;
  std::int64_t hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads, vocab_size;
  std::int64_t max_position_embeddings;
  double rms_norm_eps, rope_theta;
  bool tie_word_embeddings;
  std::int64_t head_dim;  // 0: hidden_size / num_attention_heads
};

constexpr std::array<FamilyDefaults, 8> kFamilies = {{
    {"llama", 4096, 11008, 32, 32, 0, 32000, 2048, 1e-6, 10000, false, 0},
    {"mistral", 4096, 14336, 32, 32, 8, 32000, 131072, 1e-6, 10000, false, 0},
    {"qwen2", 4096, 22016, 32, 32, 32, 151936, 32768, 1e-6, 10000, false, 0},
    {"qwen3", 4096, 22016, 32, 32, 32, 151936, 32768, 1e-6, 10000, false, 128},
    {"smollm3", 2048, 11008, 36, 16, 4, 128256, 32768, 1e-6, 2000000, true, 0},
    {"gemma", 3072, 24576, 28, 16, 16, 256000, 8192, 1e-6, 10000, true, 256},
    {"gemma2", 2304, 9216, 26, 8, 4, 256000, 8192, 1e-6, 10000, true, 256},
    {"gemma3_text", 2304, 9216, 26, 8, 4, 262208, 131072, 1e-6, 1000000, true, 256},
}};

const FamilyDefaults& family_of(const std::string& model_type, const std::string& subject) {
  for (const FamilyDefaults& family : kFamilies)
    if (model_type == family.model_type) return family;
  std::string known;
  for (const std::string& name : decoder_model_types()) known += (known.empty() ? "" : ", ") + name;
  throw InputError(subject + ": model_type '" + model_type + "' is not supported (known: " + known + ")");
}

RopeSettings read_rope_object(const ConfigReader& rope, double default_theta) {
  RopeSettings out;
  out.rope_type = rope.string("rope_type", rope.string("type", "default"));  // `type`: an alias in transformers 4
  out.rope_theta = rope.number("rope_theta", 1, 1e12, default_theta);
  if (out.rope_type == "default") return out;
  if (out.rope_type != "linear" && out.rope_type != "llama3")
    rope.fail("rope_type", "'" + out.rope_type + "' is not supported (known: default, linear, llama3)");
  out.factor = rope.number("factor", 1, 1e6);
  if (out.rope_type == "linear") return out;
  out.low_freq_factor = rope.number("low_freq_factor", 1e-3, 1e6);
  out.high_freq_factor = rope.number("high_freq_factor", 1e-3, 1e6);
  if (out.high_freq_factor <= out.low_freq_factor) rope.fail("high_freq_factor", "must be larger than low_freq_factor");
  out.original_max_position_embeddings = rope.integer("original_max_position_embeddings", kLength);
  return out;
}

// transformers 5 writes rope_parameters, for Gemma 3 one for each kind of layer; 4 wrote rope_theta beside rope_scaling.
void read_rope(const ConfigReader& config, double default_theta, DecoderConfig& out) {
  const double theta = config.number("rope_theta", 1, 1e12, default_theta);
  const bool five = config.has("rope_parameters");
  const ConfigReader rope = config.child(five ? "rope_parameters" : "rope_scaling");
  if (out.model_type != "gemma3_text") {
    out.rope = read_rope_object(rope, theta);
    return;
  }
  out.local_rope = RopeSettings{.rope_theta = config.number("rope_local_base_freq", 1, 1e12, 10000.0)};
  if (!five) {
    out.rope = read_rope_object(rope, theta);
    return;
  }
  if (!rope.has("full_attention") && !rope.has("sliding_attention"))
    config.fail("rope_parameters", "must hold full_attention and sliding_attention");
  out.rope = read_rope_object(rope.child("full_attention"), theta);
  out.local_rope = read_rope_object(rope.child("sliding_attention"), out.local_rope->rope_theta);
}

// Of the gate, under the key that the family reads.
std::string read_activation(const ConfigReader& config, const std::string& model_type) {
  const bool gemma = model_type.starts_with("gemma");
  const char* key = gemma && model_type != "gemma" ? "hidden_activation" : "hidden_act";
  const std::string known = gemma ? "gelu_pytorch_tanh" : "silu", name = config.string(key, known);
  if (name == known) return known;
  if (model_type == "gemma" && name == "gelu") return known;  // a legacy value of published files, which means the same there
  config.fail(key, "'" + name + "' is not supported for " + model_type + " (known: " + known + ")");
}

// A cap that null switches off.
double read_softcap(const ConfigReader& config, const char* key, double fallback) {
  const auto found = config.json().find(key);
  return found != config.json().end() && found->is_null() ? 0 : config.number(key, 1e-3, 1e6, fallback);
}

void read_gemma(const ConfigReader& config, DecoderConfig& out) {
  out.query_pre_attn_scalar = out.head_dim;
  if (!out.model_type.starts_with("gemma")) return;
  if (config.boolean("use_bidirectional_attention", false))
    config.fail("use_bidirectional_attention", "is true, which is not supported");
  out.scaled_embeddings = out.unit_offset_norms = true;
  if (out.model_type == "gemma") return;
  const bool second = out.model_type == "gemma2";
  out.sandwich_norms = true;
  out.qk_norm = !second;
  out.query_pre_attn_scalar = config.integer("query_pre_attn_scalar", kWidth, 256);
  out.final_logit_softcapping = read_softcap(config, "final_logit_softcapping", second ? 30 : 0);
  // Gemma 3 has this key, too, but transformers makes nothing of it.
  if (second) out.attn_logit_softcapping = read_softcap(config, "attn_logit_softcapping", 50);
}

// 0: no layer has one. A key that is absent means the class's default, null none.
std::int64_t read_window(const ConfigReader& config, const std::string& model_type) {
  if (model_type == "gemma2" || model_type == "gemma3_text") return config.integer("sliding_window", kWindow, 4096);
  const bool qwen = model_type == "qwen2" || model_type == "qwen3", switched = qwen || model_type == "smollm3";
  if (model_type != "mistral" && !(switched && config.boolean("use_sliding_window", false))) return 0;
  if (config.has("sliding_window")) return config.integer("sliding_window", kWindow);
  return model_type == "smollm3" || config.json().contains("sliding_window") ? 0 : 4096;
}

// SmolLM3 leaves rotary positions out of some layers.
std::vector<bool> read_rotating_layers(const ConfigReader& config, const DecoderConfig& out) {
  const auto layers = static_cast<std::size_t>(out.num_hidden_layers);
  std::vector<bool> rotates(layers, true);
  if (out.model_type != "smollm3") return rotates;
  const auto listed = config.integers("no_rope_layers", {0, 1});
  if (!listed.empty() && listed.size() != layers) config.fail("no_rope_layers", "must hold a 0 or 1 for each layer");
  const std::int64_t interval = config.integer("no_rope_layer_interval", kPeriod, 4);
  for (std::size_t i = 0; i < layers; ++i)
    rotates[i] = listed.empty() ? (static_cast<std::int64_t>(i) + 1) % interval != 0 : listed[i] == 1;
  return rotates;
}

// Where the config lists no kinds of layers.
bool slides_by_default(const ConfigReader& config, const DecoderConfig& out, std::int64_t layer) {
  if (out.model_type == "mistral") return true;
  if (out.model_type == "gemma2") return layer % 2 == 0;
  if (out.model_type == "gemma3_text") return (layer + 1) % config.integer("sliding_window_pattern", kPeriod, 6) != 0;
  if (out.model_type == "smollm3") return !out.layer_rotates[static_cast<std::size_t>(layer)];
  return layer >= config.integer("max_window_layers", {0, 4096}, 28);
}

void read_layer_kinds(const ConfigReader& config, DecoderConfig& out) {
  const auto layers = static_cast<std::size_t>(out.num_hidden_layers);
  out.layer_slides.assign(layers, false);
  out.layer_rotates = read_rotating_layers(config, out);
  out.sliding_window = read_window(config, out.model_type);
  if (config.has("layer_types")) {
    const Json& kinds = config.json()["layer_types"];
    if (!kinds.is_array() || kinds.size() != layers) config.fail("layer_types", "must list a kind for each layer");
    for (std::size_t i = 0; i < layers; ++i) {
      if (kinds[i] != "full_attention" && kinds[i] != "sliding_attention") config.fail("layer_types", "holds " + kinds[i].dump());
      out.layer_slides[i] = kinds[i] == "sliding_attention" && out.sliding_window > 0;
    }
  } else if (out.sliding_window > 0) {
    for (std::size_t i = 0; i < layers; ++i) out.layer_slides[i] = slides_by_default(config, out, static_cast<std::int64_t>(i));
  }
}

void read_biases(const ConfigReader& config, DecoderConfig& out) {
  if (out.model_type == "qwen2") {
    out.qkv_bias = true;
    return;
  }
  out.qk_norm = out.model_type == "qwen3";
  out.qkv_bias = out.attention_output_bias = config.boolean("attention_bias", false);
  out.mlp_bias = !out.model_type.starts_with("gemma") && config.boolean("mlp_bias", false);
}

void check_sizes(const DecoderConfig& config, const std::string& subject) {
  if (config.num_attention_heads % config.num_key_value_heads != 0)
    throw InputError(subject + ": num_attention_heads " + std::to_string(config.num_attention_heads) +
                     " is no multiple of num_key_value_heads " + std::to_string(config.num_key_value_heads));
  if (config.head_dim % 2 != 0) throw InputError(subject + ": head_dim " + std::to_string(config.head_dim) + " is odd");
}

}  // namespace

const std::vector<std::string>& decoder_model_types() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const FamilyDefaults& family : kFamilies) out.emplace_back(family.model_type);
    return out;
  }();
  return names;
}

DecoderConfig parse_decoder_config(const Json& json, const std::string& subject) {
  const ConfigReader config(json, subject);
  DecoderConfig out;
  out.model_type = config.string("model_type");
  const FamilyDefaults& family = family_of(out.model_type, subject);
  out.hidden_act = read_activation(config, out.model_type);
  out.vocab_size = config.integer("vocab_size", kVocab, family.vocab_size);
  out.hidden_size = config.integer("hidden_size", kWidth, family.hidden_size);
  out.intermediate_size = config.integer("intermediate_size", kIntermediate, family.intermediate_size);
  out.num_hidden_layers = config.integer("num_hidden_layers", kLayers, family.num_hidden_layers);
  out.num_attention_heads = config.integer("num_attention_heads", kHeads, family.num_attention_heads);
  const std::int64_t kv_heads = family.num_key_value_heads ? family.num_key_value_heads : out.num_attention_heads;
  out.num_key_value_heads = config.integer("num_key_value_heads", kHeads, kv_heads);
  if (!config.has("head_dim") && !family.head_dim && out.hidden_size % out.num_attention_heads != 0)
    config.fail("hidden_size", std::to_string(out.hidden_size) + " is no multiple of num_attention_heads " +
                                   std::to_string(out.num_attention_heads) + " and head_dim is not given");
  out.head_dim =
      config.integer("head_dim", kHeadDim, family.head_dim ? family.head_dim : out.hidden_size / out.num_attention_heads);
  out.max_position_embeddings = config.integer("max_position_embeddings", kLength, family.max_position_embeddings);
  out.rms_norm_eps = config.number("rms_norm_eps", 1e-12, 0.1, family.rms_norm_eps);
  out.tie_word_embeddings = config.boolean("tie_word_embeddings", family.tie_word_embeddings);
  read_rope(config, family.rope_theta, out);
  out.eos_token_ids = config.integers("eos_token_id", kTokenId);
  read_biases(config, out);
  read_gemma(config, out);
  read_layer_kinds(config, out);
  check_sizes(out, subject);
  return out;
}

}  // namespace zlens
