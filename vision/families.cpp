#include "vision/families.h"

#include <ATen/ATen.h>

#include <map>
#include <utility>
#include <vector>

#include "io/error.h"
#include "modules/config_reader.h"
#include "modules/state_dict.h"
#include "vision/connector_images.h"
#include "vision/family_config.h"
#include "vision/llava_images.h"
#include "vision/vision_config.h"

namespace zlens {
namespace {

using Renames = std::vector<std::pair<std::string, std::string>>;  // prefix on disk -> prefix in memory; the first that fits

std::string renamed(const std::string& name, const Renames& renames) {
  for (const auto& [from, to] : renames)
    if (name.starts_with(from)) return to + name.substr(from.size());
  return name;
}

// Buffers that old checkpoints store: rotary tables, position ids.
bool is_buffer(const std::string& name) {
  return name.ends_with(".inv_freq") || name.ends_with("position_ids") || name.find("rotary_emb") != name.npos;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

// LLaVA and PaliGemma: transformers 4 and 5 write `language_model.model.…` and `vision_tower.…`, in memory all is below `model.`;
// towers stood below another `vision_model.` before.
std::string llava_name(const std::string& name) {
  if (is_buffer(name)) return {};
  static const Renames renames = {
      {"language_model.model.", "model.language_model."},         {"language_model.lm_head.", "lm_head."},
      {"model.language_model.model.", "model.language_model."},   {"vision_tower.", "model.vision_tower."},
      {"multi_modal_projector.", "model.multi_modal_projector."}, {"image_newline", "model.image_newline"}};
  return replaced(renamed(name, renames), "model.vision_tower.vision_model.", "model.vision_tower.");
}

std::string idefics3_name(const std::string& name) {
  return is_buffer(name) ? std::string() : name;
}

std::string nanovlm_name(const std::string& name) {
  if (is_buffer(name)) return {};
  static const Renames whole = {
      {"vision_encoder.patch_embedding.conv.", "model.vision_model.embeddings.patch_embedding."},
      {"vision_encoder.patch_embedding.position_embedding", "model.vision_model.embeddings.position_embedding.weight"},
      {"vision_encoder.layer_norm.", "model.vision_model.post_layernorm."},
      {"vision_encoder.blocks.", "model.vision_model.encoder.layers."},
      {"MP.proj.", "model.connector.modality_projection.proj."},
      {"decoder.token_embedding.", "model.text_model.embed_tokens."},
      {"decoder.norm.", "model.text_model.norm."},
      {"decoder.head.", "lm_head."},
      {"decoder.blocks.", "model.text_model.layers."}};
  std::string out = renamed(name, whole);
  if (out.starts_with("model.text_model.layers.")) {
    out = replaced(replaced(out, ".attn.out_proj.", ".self_attn.o_proj."), ".attn.", ".self_attn.");
    return replaced(replaced(out, ".norm1.", ".input_layernorm."), ".norm2.", ".post_attention_layernorm.");
  }
  return replaced(replaced(replaced(out, ".attn.", ".self_attn."), ".ln1.", ".layer_norm1."), ".ln2.", ".layer_norm2.");
}

void nanovlm_unfuse(const Json& config, StateDict& weights) {
  const VisionConfig tower = nanovlm_vision_config(config, "config.json");
  for (std::int64_t i = 0; i < tower.num_hidden_layers; ++i) {
    const std::string attention = "model.vision_model.encoder.layers." + std::to_string(i) + ".self_attn.";
    for (const char* kind : {".weight", ".bias"})
      weights.split_rows(attention + "qkv_proj" + kind, {{attention + "q_proj" + kind, tower.hidden_size},
                                                         {attention + "k_proj" + kind, tower.hidden_size},
                                                         {attention + "v_proj" + kind, tower.hidden_size}});
  }
  weights.reshape("model.vision_model.embeddings.position_embedding.weight", {tower.positions(), tower.hidden_size});
}

Json nanovlm_decoder(const Json& config, const std::string&) {
  Json out = {
      {"model_type", "llama"},     {"hidden_size", 960},       {"intermediate_size", 2560},  {"num_hidden_layers", 32},
      {"num_attention_heads", 15}, {"num_key_value_heads", 5}, {"vocab_size", 49218},        {"max_position_embeddings", 8192},
      {"rms_norm_eps", 1e-5},      {"rope_theta", 100000},     {"tie_word_embeddings", true}};
  const std::pair<const char*, const char*> names[] = {{"lm_hidden_dim", "hidden_size"},
                                                       {"lm_inter_dim", "intermediate_size"},
                                                       {"lm_n_blocks", "num_hidden_layers"},
                                                       {"lm_n_heads", "num_attention_heads"},
                                                       {"lm_n_kv_heads", "num_key_value_heads"},
                                                       {"lm_vocab_size", "vocab_size"},
                                                       {"lm_max_position_embeddings", "max_position_embeddings"},
                                                       {"lm_rms_eps", "rms_norm_eps"},
                                                       {"lm_re_base", "rope_theta"},
                                                       {"lm_tie_weights", "tie_word_embeddings"}};
  for (const auto& [from, to] : names)
    if (config.contains(from)) out[to] = config[from];
  return out;
}

Json llama_decoder(const Json& config, const std::string& subject) {
  return decoder_config_of(config, {{"model_type", "llama"}}, false, subject);
}

Json idefics3_decoder(const Json& config, const std::string& subject) {
  return decoder_config_of(config, {{"model_type", "llama"}, {"rms_norm_eps", 1e-5}}, false, subject);
}

Json paligemma_decoder(const Json& config, const std::string& subject) {
  const Json absent = {{"model_type", "gemma"},      {"hidden_size", 2048},      {"num_hidden_layers", 18},
                       {"intermediate_size", 16384}, {"num_attention_heads", 8}, {"num_key_value_heads", 1},
                       {"vocab_size", 257152}};
  Json out = decoder_config_of(config, absent, true, subject);
  if (!ConfigReader(out, subject + ": text_config").boolean("use_bidirectional_attention", true))
    throw InputError(subject + ": text_config: use_bidirectional_attention is false, which is not supported for paligemma");
  out.erase("use_bidirectional_attention");  // the family's: of the prompt alone
  return out;
}

constexpr const char* kVicunaTemplate =
    "{% for message in messages %}{% if message['role'] == 'user' %}USER: {% elif message['role'] == 'assistant' %}ASSISTANT: {% "
    "endif %}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %} {% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}";

constexpr const char* kPaliGemmaTemplate =
    "{% for message in messages %}{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor "
    "%}{% endif %}{% endfor %}";

constexpr const char* kNanoVlmTemplate =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}{% if message['content'] is string %}{{ "
    "message['content'] }}"
    "{% else %}{% for part in message['content'] %}{% if part['type'] == 'image' %}<|image|>{% else %}{{ part['text'] }}{% endif "
    "%}{% endfor %}"
    "{% endif %}{{ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

// The norm behind a tower's last layer: LLaVA takes what enters it.
std::map<std::string, at::Tensor> llava_unused(const Json& config) {
  const std::int64_t width = llava_vision_config(config, "config.json").hidden_size;
  const std::string norm = "model.vision_tower.post_layernorm.";
  return {{norm + "weight", at::ones({width})}, {norm + "bias", at::zeros({width})}};
}

ModelFamily llava(const char* type, const char* description,
                  std::shared_ptr<const Modality> (*build)(const FamilyFiles&, StateDict&, AdaptableMatrices&)) {
  return {.model_type = type,
          .description = description,
          .decoder_name = "model.language_model",
          .matches = {},
          .decoder_config = llama_decoder,
          .canonical_name = llava_name,
          .unfuse = {},
          .build = build,
          .unused = llava_unused,
          .chat_template = kVicunaTemplate};
}

ModelFamily idefics3(const char* type, const char* description) {
  return {.model_type = type,
          .description = description,
          .decoder_name = "model.text_model",
          .matches = {},
          .decoder_config = idefics3_decoder,
          .canonical_name = idefics3_name,
          .unfuse = {},
          .build = make_idefics3_images,
          .unused = {},
          .chat_template = {}};
}

}  // namespace

FamilyRegistry vision_families() {
  FamilyRegistry out;
  out.add(llava("llava", "LLaVA-1.5: CLIP or SigLIP, an MLP, any decoder", make_llava_images));
  out.add(llava("llava_next", "LLaVA-NeXT: tiles of any aspect ratio beside the whole picture", make_llava_next_images));
  out.add(idefics3("idefics3", "Idefics3: SigLIP, tiles, pixel shuffle"));
  out.add(idefics3("smolvlm", "SmolVLM and SmolVLM2, pictures alone"));
  out.add({.model_type = "paligemma",
           .description = "PaliGemma 1 and 2: SigLIP, Gemma, a prompt read in both directions",
           .decoder_name = "model.language_model",
           .matches = {},
           .decoder_config = paligemma_decoder,
           .canonical_name = llava_name,
           .unfuse = {},
           .build = make_paligemma_images,
           .unused = {},
           .chat_template = kPaliGemmaTemplate,
           .bidirectional_prompt = true});
  out.add({.model_type = "nanovlm",
           .description = "nanoVLM: SigLIP, pixel shuffle, SmolLM2; a flat config without a model_type",
           .decoder_name = "model.text_model",
           .matches = [](const Json& config) { return config.contains("vit_hidden_dim") && config.contains("lm_hidden_dim"); },
           .decoder_config = nanovlm_decoder,
           .canonical_name = nanovlm_name,
           .unfuse = nanovlm_unfuse,
           .build = make_nanovlm_images,
           .unused = {},
           .chat_template = kNanoVlmTemplate});
  return out;
}

}  // namespace zlens
