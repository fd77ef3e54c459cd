#include "io/error.h"
#include "text/decoder_config.h"

namespace zlens {
namespace {

// The metadata below one architecture's prefix, translated into the config.json that transformers would write: so one reader checks
// both.
class Translation {
 public:
  Translation(const Gguf& gguf, const std::string& architecture) : gguf_(gguf), prefix_(architecture + ".") {}

  void integer(const char* from, const char* to) {
    if (const auto value = gguf_.integer(prefix_ + from)) config_[to] = *value;
  }
  void number(const char* from, const char* to) {
    if (const auto value = gguf_.number(prefix_ + from)) config_[to] = *value;
  }
  void rope_scaling() {
    const std::string* type = gguf_.string(prefix_ + "rope.scaling.type");
    if (!type || *type == "none") return;
    const double factor = gguf_.number(prefix_ + "rope.scaling.factor").value_or(1.0);
    config_["rope_scaling"] = {{"rope_type", *type}, {"factor", factor}};
  }
  Json& config() { return config_; }

 private:
  const Gguf& gguf_;
  std::string prefix_;
  Json config_ = Json::object();
};

// What llama.cpp reads for Gemma, and what it knows without being told: which layers slide, and how the 27B models scale scores.
void add_gemma(const std::string& architecture, Translation& out) {
  Json& config = out.config();
  out.integer("attention.sliding_window", "sliding_window");
  out.integer("attention.sliding_window_pattern", "sliding_window_pattern");
  out.number("attn_logit_softcapping", "attn_logit_softcapping");
  out.number("final_logit_softcapping", "final_logit_softcapping");
  out.number("rope.freq_base_swa", "rope_local_base_freq");
  if (architecture == "gemma3") config["model_type"] = "gemma3_text";
  const bool second = architecture == "gemma2" && config["num_hidden_layers"] == 46,
             third = architecture == "gemma3" && config["num_hidden_layers"] == 62;
  config["query_pre_attn_scalar"] = second ? Json(144) : third ? Json(168) : config.value("head_dim", Json(256));
}

void add_tensors(const Gguf& gguf, const std::string& subject, Json& config) {
  const auto embedding = gguf.tensors().find("token_embd.weight");
  if (embedding == gguf.tensors().end() || embedding->second.shape.size() != 2)
    throw InputError(subject + ": token_embd.weight is missing or not a matrix");
  config["vocab_size"] = embedding->second.shape[0];
  config["tie_word_embeddings"] = !gguf.tensors().contains("output.weight");
  config["attention_bias"] = gguf.tensors().contains("blk.0.attn_q.bias");
  if (gguf.tensors().contains("rope_freqs.weight"))
    throw InputError(subject + ": rope_freqs.weight (scaled RoPE) is not supported");
}

}  // namespace

DecoderConfig decoder_config_from_gguf(const Gguf& gguf) {
  const std::string subject = gguf.file()->path().string();
  const std::string* architecture = gguf.string("general.architecture");
  if (!architecture) throw InputError(subject + ": general.architecture is missing");
  Translation out(gguf, *architecture);
  Json& config = out.config();
  config["model_type"] = *architecture;
  out.integer("embedding_length", "hidden_size");
  out.integer("feed_forward_length", "intermediate_size");
  out.integer("block_count", "num_hidden_layers");
  out.integer("attention.head_count", "num_attention_heads");
  out.integer("attention.head_count_kv", "num_key_value_heads");
  out.integer("attention.key_length", "head_dim");
  out.integer("context_length", "max_position_embeddings");
  for (const char* required : {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"})
    if (!config.contains(required)) throw InputError(subject + ": the metadata does not give " + required);
  out.number("attention.layer_norm_rms_epsilon", "rms_norm_eps");
  config["rope_theta"] = *architecture == "gemma3" ? 1e6 : 1e4;
  out.number("rope.freq_base", "rope_theta");
  out.rope_scaling();
  if (architecture->starts_with("gemma")) {
    add_gemma(*architecture, out);
  } else {
    config["sliding_window"] = nullptr;  // llama.cpp knows none for the others
  }
  add_tensors(gguf, subject, config);
  if (const auto eos = gguf.integer("tokenizer.ggml.eos_token_id")) config["eos_token_id"] = *eos;
  return parse_decoder_config(config, subject);
}

}  // namespace zlens
