// What shapes a decoder, read from config.json or a GGUF's metadata. Free of torch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/gguf.h"
#include "io/json.h"

namespace zlens {

struct RopeSettings {
  std::string rope_type = "default";
  double rope_theta = 10000, factor = 1, low_freq_factor = 1, high_freq_factor = 4;
  std::int64_t original_max_position_embeddings = 8192;
};

// Field names as in Hugging Face configs; every size is checked against its range and against the others.
struct DecoderConfig {
  std::string model_type;
  std::int64_t vocab_size = 0, hidden_size = 0, intermediate_size = 0, num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0, num_key_value_heads = 0, head_dim = 0, max_position_embeddings = 0;
  double rms_norm_eps = 1e-6;
  std::string hidden_act = "silu";  // of the gate: silu, gelu_pytorch_tanh
  bool qkv_bias = false, attention_output_bias = false, mlp_bias = false, qk_norm = false;
  bool tie_word_embeddings = false;
  RopeSettings rope;
  std::optional<RopeSettings> local_rope;         // of the layers that use the window, where theirs is another (Gemma 3)
  std::int64_t sliding_window = 0;                // 0: none
  std::vector<bool> layer_slides, layer_rotates;  // for each layer: uses the window; has rotary positions
  std::vector<std::int64_t> eos_token_ids;

  // Gemma.
  bool scaled_embeddings = false;          // the tokens' embeddings are multiplied by sqrt(hidden_size)
  bool unit_offset_norms = false;          // norms scale by 1 + weight
  bool sandwich_norms = false;             // norms behind attention and feed-forward block, too
  std::int64_t query_pre_attn_scalar = 0;  // scores are divided by its root; the head_dim where a family has no such key
  double attn_logit_softcapping = 0, final_logit_softcapping = 0;  // 0: none

  // No key of config.json: set by families of vision-language models (PaliGemma). The tokens of a prompt see each other in both
  // directions, windows or not; so keys and values of its beginning depend on what follows and serve no other prompt.
  bool bidirectional_prompt = false;
};

// The model types that `parse_decoder_config` knows.
const std::vector<std::string>& decoder_model_types();

// Accepts transformers 4 and 5 spellings. Throws InputError "<subject>: <key> …" on an unknown model_type, activation or rope type,
// and on every value out of range.
DecoderConfig parse_decoder_config(const Json& config, const std::string& subject);

// The config.json that transformers would write: parse_decoder_config() of it gives `config` again.
Json decoder_config_json(const DecoderConfig& config);

// From general.architecture llama, mistral, qwen2, qwen3, smollm3, gemma, gemma2, gemma3. Throws InputError naming file and key.
DecoderConfig decoder_config_from_gguf(const Gguf& gguf);

}  // namespace zlens
