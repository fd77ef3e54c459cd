#include <algorithm>
#include <map>

#include "io/error.h"
#include "text/decoder_config.h"

namespace zlens {
namespace {

std::string architecture_of(const std::string& model_type) {
  static const std::map<std::string, std::string> classes = {
      {"llama", "LlamaForCausalLM"},   {"mistral", "MistralForCausalLM"},   {"qwen2", "Qwen2ForCausalLM"},
      {"qwen3", "Qwen3ForCausalLM"},   {"smollm3", "SmolLM3ForCausalLM"},   {"gemma", "GemmaForCausalLM"},
      {"gemma2", "Gemma2ForCausalLM"}, {"gemma3_text", "Gemma3ForCausalLM"}};
  const auto found = classes.find(model_type);
  if (found == classes.end()) throw InputError("model_type '" + model_type + "' cannot be exported");
  return found->second;
}

Json rope_json(const RopeSettings& rope) {
  Json out = {{"rope_type", rope.rope_type}, {"rope_theta", rope.rope_theta}};
  if (rope.rope_type != "default") out["factor"] = rope.factor;
  if (rope.rope_type == "llama3") {
    out["low_freq_factor"] = rope.low_freq_factor;
    out["high_freq_factor"] = rope.high_freq_factor;
    out["original_max_position_embeddings"] = rope.original_max_position_embeddings;
  }
  return out;
}

// Of transformers 5, and the keys of 4 beside it.
void add_rope(const DecoderConfig& config, Json& out) {
  const Json rope = rope_json(config.rope);
  out["rope_theta"] = config.rope.rope_theta;
  if (config.rope.rope_type != "default") out["rope_scaling"] = rope;
  out["rope_parameters"] = rope;
  if (!config.local_rope) return;
  out["rope_parameters"] = {{"full_attention", rope}, {"sliding_attention", rope_json(*config.local_rope)}};
  out["rope_local_base_freq"] = config.local_rope->rope_theta;
}

void add_gemma(const DecoderConfig& config, Json& out) {
  if (!config.sandwich_norms) return;
  const auto cap = [](double value) { return value > 0 ? Json(value) : Json(); };
  out["hidden_activation"] = config.hidden_act;
  out["query_pre_attn_scalar"] = config.query_pre_attn_scalar;
  out["final_logit_softcapping"] = cap(config.final_logit_softcapping);
  out["attn_logit_softcapping"] = cap(config.attn_logit_softcapping);
}

void add_layer_kinds(const DecoderConfig& config, Json& out) {
  const bool slides = std::find(config.layer_slides.begin(), config.layer_slides.end(), true) != config.layer_slides.end();
  out["sliding_window"] = config.sliding_window > 0 ? Json(config.sliding_window) : Json();
  if (config.model_type == "qwen2" || config.model_type == "qwen3" || config.model_type == "smollm3")
    out["use_sliding_window"] = config.sliding_window > 0;
  if (slides || config.sandwich_norms) {
    Json kinds = Json::array();
    for (const bool slide : config.layer_slides) kinds.push_back(slide ? "sliding_attention" : "full_attention");
    out["layer_types"] = kinds;
  }
  if (config.model_type != "smollm3") return;
  Json rotates = Json::array();
  for (const bool rotate : config.layer_rotates) rotates.push_back(rotate ? 1 : 0);
  out["no_rope_layers"] = rotates;
}

}  // namespace

Json decoder_config_json(const DecoderConfig& config) {
  Json out = {{"model_type", config.model_type},
              {"architectures", {architecture_of(config.model_type)}},
              {"hidden_act", config.hidden_act},
              {"vocab_size", config.vocab_size},
              {"hidden_size", config.hidden_size},
              {"intermediate_size", config.intermediate_size},
              {"num_hidden_layers", config.num_hidden_layers},
              {"num_attention_heads", config.num_attention_heads},
              {"num_key_value_heads", config.num_key_value_heads},
              {"head_dim", config.head_dim},
              {"max_position_embeddings", config.max_position_embeddings},
              {"rms_norm_eps", config.rms_norm_eps},
              {"tie_word_embeddings", config.tie_word_embeddings}};
  add_rope(config, out);
  add_gemma(config, out);
  if (config.model_type != "qwen2" && config.model_type != "mistral") out["attention_bias"] = config.attention_output_bias;
  if (config.model_type == "llama" || config.model_type == "smollm3") out["mlp_bias"] = config.mlp_bias;
  if (config.eos_token_ids.size() == 1) out["eos_token_id"] = config.eos_token_ids.front();
  if (config.eos_token_ids.size() > 1) out["eos_token_id"] = config.eos_token_ids;
  add_layer_kinds(config, out);
  return out;
}

}  // namespace zlens
