// Decoders from GGUF files (tests/fixtures/make_gguf.py) against what transformers computes with the weights that they were made
// of.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "io/error.h"
#include "io/gguf.h"
#include "support/checkpoint.h"
#include "support/gguf_bytes.h"
#include "support/temporary_folder.h"
#include "text/generate.h"
#include "text/gguf_weights.h"

namespace zlens {
namespace {

TEST(GgufDecoder, GemmaThreeIsTheCheckpointItWasMadeOf) {
  const auto gguf = Gguf::open(std::filesystem::path(ZLENS_FIXTURES) / "gguf/gemma3.gguf");
  const DecoderConfig config = decoder_config_from_gguf(*gguf);
  EXPECT_EQ(config.model_type, "gemma3_text");
  EXPECT_TRUE(config.tie_word_embeddings);
  StateDict weights = state_dict_from_gguf(gguf, config, at::kFloat);
  AdaptableMatrices matrices;
  const Decoder decoder(config, weights, matrices);
  weights.finish();
  const auto golden = decoder_golden("gemma3-v4");
  const at::Tensor logits = prompt_logits(decoder, {.ids = ids_of(golden.at("input_ids"), 0, 48)}, nullptr);
  EXPECT_LT(max_difference(logits, golden.at("logits")), 1e-4);
}

TEST(GgufDecoder, FourNormsHaveNoPlaceInALayerOfTwo) {
  const auto gguf = Gguf::open(std::filesystem::path(ZLENS_FIXTURES) / "gguf/gemma3.gguf");
  const DecoderConfig two = parse_decoder_config({{"model_type", "qwen3"}}, "qwen3");
  try {
    state_dict_from_gguf(gguf, two, at::kFloat);
    FAIL() << "post_attention_norm was accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("post_attention_norm"), std::string::npos) << error.what();
  }
}

// llama.cpp's name of a tensor of decoders/smollm2.
std::string gguf_name(const std::string& name) {
  static const std::map<std::string, std::string> parts = {
      {"input_layernorm", "attn_norm"}, {"post_attention_layernorm", "ffn_norm"},
      {"self_attn.q_proj", "attn_q"},   {"self_attn.k_proj", "attn_k"},
      {"self_attn.v_proj", "attn_v"},   {"self_attn.o_proj", "attn_output"},
      {"mlp.gate_proj", "ffn_gate"},    {"mlp.up_proj", "ffn_up"},
      {"mlp.down_proj", "ffn_down"},    {"model.embed_tokens", "token_embd"},
      {"model.norm", "output_norm"},
  };
  const std::string stem = name.substr(0, name.rfind('.')), layers = "model.layers.";
  if (!stem.starts_with(layers)) return parts.at(stem) + ".weight";
  const std::size_t dot = stem.find('.', layers.size());
  return "blk." + stem.substr(layers.size(), dot - layers.size()) + "." + parts.at(stem.substr(dot + 1)) + ".weight";
}

// As llama.cpp's converter stores q and k of `heads` heads: row i of a head's first half beside row i of the second.
at::Tensor paired(const at::Tensor& weight, std::int64_t heads) {
  return weight.unflatten(0, {heads, 2, -1}).transpose(1, 2).reshape(weight.sizes()).contiguous();
}

// decoders/smollm2 as llama.cpp's converter would store it under one of the architectures that pair.
std::string paired_gguf(const std::string& architecture) {
  const std::filesystem::path folder = std::filesystem::path(ZLENS_FIXTURES) / "decoders/smollm2";
  const Json config = read_json_file(folder / "config.json");
  const std::string prefix = architecture + ".";
  test::GgufBytes out;
  out.text("general.architecture", architecture);
  for (const auto& [key, from] : std::map<std::string, std::string>{{"context_length", "max_position_embeddings"},
                                                                    {"embedding_length", "hidden_size"},
                                                                    {"block_count", "num_hidden_layers"},
                                                                    {"feed_forward_length", "intermediate_size"},
                                                                    {"attention.head_count", "num_attention_heads"},
                                                                    {"attention.head_count_kv", "num_key_value_heads"},
                                                                    {"attention.key_length", "head_dim"}})
    out.integer(prefix + key, config.at(from).get<std::uint32_t>());
  out.number(prefix + "attention.layer_norm_rms_epsilon", config.at("rms_norm_eps").get<float>());
  out.number(prefix + "rope.freq_base", config.at("rope_parameters").at("rope_theta").get<float>());
  for (const auto& [name, stored] : read_tensors(folder / "model.safetensors")) {
    const bool query = name.find("q_proj") != name.npos, key = name.find("k_proj") != name.npos;
    const at::Tensor weight =
        query || key ? paired(stored, config.at(query ? "num_attention_heads" : "num_key_value_heads")) : stored;
    out.tensor(gguf_name(name), weight.sizes(), {weight.const_data_ptr<float>(), static_cast<std::size_t>(weight.numel())});
  }
  return out.bytes();
}

// Every fourth layer of SmolLM3 has no rotary positions; this model has three, so it is the same under either name.
TEST(GgufDecoder, PairedQueriesAndKeysAreHalvedAgain) {
  const auto golden = decoder_golden("smollm2");
  const TemporaryFolder folder;
  for (const std::string architecture : {"llama", "smollm3"}) {
    SCOPED_TRACE(architecture);
    const std::filesystem::path file = folder / (architecture + ".gguf");
    std::ofstream(file, std::ios::binary) << paired_gguf(architecture);
    const auto gguf = Gguf::open(file);
    const DecoderConfig config = decoder_config_from_gguf(*gguf);
    StateDict weights = state_dict_from_gguf(gguf, config, at::kFloat);
    AdaptableMatrices matrices;
    const Decoder decoder(config, weights, matrices);
    weights.finish();
    const at::Tensor logits = prompt_logits(decoder, {.ids = ids_of(golden.at("input_ids"), 0, 48)}, nullptr);
    EXPECT_LT(max_difference(logits, golden.at("logits")), 1e-4);
  }
}

}  // namespace
}  // namespace zlens
