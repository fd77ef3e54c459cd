// Decoders from GGUF files (tests/fixtures/make_gguf.py) against what transformers computes with the weights that they were made
// of.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "io/error.h"
#include "io/gguf.h"
#include "support/checkpoint.h"
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

}  // namespace
}  // namespace zlens
