#include "text/decoder_config.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/error.h"

namespace zlens {
namespace {

Json small() {
  return {{"model_type", "llama"},  {"vocab_size", 100},        {"hidden_size", 64},        {"intermediate_size", 96},
          {"num_hidden_layers", 2}, {"num_attention_heads", 4}, {"num_key_value_heads", 2}, {"max_position_embeddings", 128},
          {"rms_norm_eps", 1e-5},   {"rope_theta", 5e5}};
}

TEST(DecoderConfig, VersionFourAndFiveSpellRopeDifferently) {
  Json four = small(), five = small();
  four["rope_scaling"] = {{"type", "llama3"},
                          {"factor", 8.0},
                          {"low_freq_factor", 1.0},
                          {"high_freq_factor", 4.0},
                          {"original_max_position_embeddings", 64}};
  five.erase("rope_theta");
  five["rope_parameters"] = four["rope_scaling"];
  five["rope_parameters"]["rope_type"] = "llama3";
  five["rope_parameters"]["rope_theta"] = 5e5;
  for (const Json& json : {four, five}) {
    const DecoderConfig config = parse_decoder_config(json, "c");
    EXPECT_EQ(config.rope.rope_type, "llama3");
    EXPECT_EQ(config.rope.rope_theta, 5e5);
    EXPECT_EQ(config.rope.factor, 8);
  }
}

TEST(DecoderConfig, DefaultsOfTheFamilyFillMissingKeys) {
  const DecoderConfig llama = parse_decoder_config({{"model_type", "llama"}}, "c");
  EXPECT_EQ(llama.hidden_size, 4096);
  EXPECT_EQ(llama.num_key_value_heads, 32) << "absent: as many as heads";
  EXPECT_EQ(llama.head_dim, 128);
  const DecoderConfig smollm3 = parse_decoder_config({{"model_type", "smollm3"}}, "c");
  EXPECT_TRUE(smollm3.tie_word_embeddings);
  EXPECT_EQ(std::count(smollm3.layer_rotates.begin(), smollm3.layer_rotates.end(), false), 9) << "every fourth of 36";
  EXPECT_FALSE(smollm3.layer_rotates[3]);
  EXPECT_TRUE(parse_decoder_config({{"model_type", "qwen2"}}, "c").qkv_bias);
  EXPECT_FALSE(parse_decoder_config({{"model_type", "qwen2"}}, "c").attention_output_bias);
  EXPECT_EQ(parse_decoder_config({{"model_type", "qwen3"}}, "c").head_dim, 128);
}

TEST(DecoderConfig, EosMayBeOneOrMany) {
  Json json = small();
  json["eos_token_id"] = {7, 9};
  EXPECT_EQ(parse_decoder_config(json, "c").eos_token_ids, (std::vector<std::int64_t>{7, 9}));
  json["eos_token_id"] = 7;
  EXPECT_EQ(parse_decoder_config(json, "c").eos_token_ids, (std::vector<std::int64_t>{7}));
}

TEST(DecoderConfig, SlidingWindowIsIgnoredWhereTheFamilyTurnsItOff) {
  Json qwen = small();
  qwen["model_type"] = "qwen2";
  qwen["sliding_window"] = 16;
  qwen["use_sliding_window"] = false;
  EXPECT_EQ(parse_decoder_config(qwen, "c").sliding_window, 0);
  Json mistral = small();
  mistral["model_type"] = "mistral";
  mistral["sliding_window"] = 16;
  EXPECT_TRUE(parse_decoder_config(mistral, "c").layer_slides[0]);
}

TEST(DecoderConfig, AbsentWindowsAreTheClassesOwn) {
  const auto window = [](const Json& json) { return parse_decoder_config(json, "c").sliding_window; };
  const DecoderConfig mistral = parse_decoder_config({{"model_type", "mistral"}}, "c");
  EXPECT_EQ(mistral.sliding_window, 4096);
  EXPECT_TRUE(mistral.layer_slides[0] && mistral.layer_slides[31]);
  const DecoderConfig none = parse_decoder_config({{"model_type", "mistral"}, {"sliding_window", nullptr}}, "c");
  EXPECT_EQ(none.sliding_window, 0);
  EXPECT_FALSE(none.layer_slides[0]);
  for (const char* qwen : {"qwen2", "qwen3"}) {
    EXPECT_EQ(window({{"model_type", qwen}, {"use_sliding_window", true}}), 4096);
    EXPECT_EQ(window({{"model_type", qwen}, {"use_sliding_window", true}, {"sliding_window", nullptr}}), 0);
    EXPECT_EQ(window({{"model_type", qwen}, {"sliding_window", 16}}), 0);
  }
  EXPECT_EQ(window({{"model_type", "smollm3"}, {"use_sliding_window", true}}), 0);
  EXPECT_EQ(window({{"model_type", "llama"}, {"use_sliding_window", true}, {"sliding_window", 16}}), 0) << "no such keys";
}

TEST(DecoderConfig, LayersOfSmolLm3WithoutRotaryPositionsSlide) {
  Json json = small();
  json.update({{"model_type", "smollm3"}, {"use_sliding_window", true}, {"sliding_window", 16}, {"num_hidden_layers", 8}});
  EXPECT_EQ(parse_decoder_config(json, "c").layer_slides,
            (std::vector<bool>{false, false, false, true, false, false, false, true}));
  json["no_rope_layers"] = {0, 1, 1, 1, 1, 1, 1, 0};
  EXPECT_EQ(parse_decoder_config(json, "c").layer_slides,
            (std::vector<bool>{true, false, false, false, false, false, false, true}));
  json["use_sliding_window"] = false;
  EXPECT_EQ(parse_decoder_config(json, "c").layer_slides, std::vector<bool>(8, false));
}

TEST(DecoderConfig, GemmaFollowsItsClassesDefaults) {
  const DecoderConfig one = parse_decoder_config({{"model_type", "gemma"}, {"hidden_act", "gelu"}}, "c");
  EXPECT_EQ(one.hidden_act, "gelu_pytorch_tanh") << "a legacy name";
  EXPECT_EQ(one.head_dim, 256);
  EXPECT_EQ(one.query_pre_attn_scalar, 256);
  EXPECT_TRUE(one.tie_word_embeddings && one.scaled_embeddings && one.unit_offset_norms && !one.sandwich_norms && !one.qk_norm);
  EXPECT_EQ(one.sliding_window, 0);
  const DecoderConfig two = parse_decoder_config({{"model_type", "gemma2"}, {"attn_logit_softcapping", nullptr}}, "c");
  EXPECT_EQ(two.final_logit_softcapping, 30);
  EXPECT_EQ(two.attn_logit_softcapping, 0) << "null switches it off";
  EXPECT_TRUE(two.sandwich_norms && !two.qk_norm && two.layer_slides[0] && !two.layer_slides[1]);
  EXPECT_EQ(two.sliding_window, 4096);
  const DecoderConfig three = parse_decoder_config({{"model_type", "gemma3_text"}}, "c");
  EXPECT_EQ(three.vocab_size, 262208);
  EXPECT_EQ(three.final_logit_softcapping + three.attn_logit_softcapping, 0);
  EXPECT_TRUE(three.sandwich_norms && three.qk_norm && three.layer_slides[4] && !three.layer_slides[5] && three.layer_slides[6]);
  EXPECT_EQ(three.rope.rope_theta, 1e6);
  EXPECT_EQ(three.local_rope->rope_theta, 1e4);
}

TEST(DecoderConfig, GemmaThreeHasARopeForEachKindOfLayer) {
  const Json four = {{"model_type", "gemma3_text"},
                     {"rope_theta", 5e5},
                     {"rope_local_base_freq", 2e4},
                     {"rope_scaling", {{"rope_type", "linear"}, {"factor", 8.0}}},
                     {"sliding_window_pattern", 2}};
  const Json five = {{"model_type", "gemma3_text"},
                     {"rope_parameters",
                      {{"full_attention", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 5e5}}},
                       {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 2e4}}}}},
                     {"sliding_window_pattern", 2}};
  for (const Json& json : {four, five}) {
    const DecoderConfig config = parse_decoder_config(json, "c");
    EXPECT_EQ(config.rope.rope_type, "linear");
    EXPECT_EQ(config.rope.factor, 8);
    EXPECT_EQ(config.rope.rope_theta, 5e5);
    EXPECT_EQ(config.local_rope->rope_type, "default");
    EXPECT_EQ(config.local_rope->rope_theta, 2e4);
    EXPECT_FALSE(config.layer_slides[1]);
  }
}

TEST(DecoderConfig, BadValuesOfGemmaAreRefusedByName) {
  const auto refused = [](const char* model_type, const char* key, const std::vector<Json>& values) {
    for (const Json& value : values) {
      try {
        parse_decoder_config({{"model_type", model_type}, {key, value}}, "config.json");
        FAIL() << key << " = " << value;
      } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find(key), std::string::npos) << error.what();
      }
    }
  };
  const std::vector<Json> numbers = {0, -1, 1e300, "x", true, Json::array()};
  refused("gemma2", "sliding_window", {std::int64_t{1} << 32});
  for (const char* key : {"query_pre_attn_scalar", "sliding_window", "attn_logit_softcapping", "final_logit_softcapping"})
    refused("gemma2", key, numbers);
  for (const char* key : {"query_pre_attn_scalar", "sliding_window_pattern", "sliding_window", "rope_local_base_freq"})
    refused("gemma3_text", key, numbers);
  refused("gemma3_text", "rope_parameters", {Json({{"rope_type", "default"}, {"rope_theta", 1e4}}), "x"});
  refused("gemma2", "hidden_activation", {"silu", "gelu"});
  refused("gemma", "hidden_act", {"silu"});
  refused("gemma", "use_bidirectional_attention", {true});
}

TEST(DecoderConfig, WrittenAndReadAgain) {
  std::vector<std::filesystem::path> configs;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(ZLENS_FIXTURES) / "decoders"))
    configs.push_back(entry.path() / "config.json");
  ASSERT_GE(configs.size(), 8U);
  for (const std::filesystem::path& path : configs) {
    SCOPED_TRACE(path.string());
    const DecoderConfig config = parse_decoder_config(read_json_file(path), path.string());
    const DecoderConfig again = parse_decoder_config(decoder_config_json(config), "again");
    EXPECT_EQ(again.model_type, config.model_type);
    EXPECT_EQ(again.vocab_size, config.vocab_size);
    EXPECT_EQ(again.hidden_size, config.hidden_size);
    EXPECT_EQ(again.intermediate_size, config.intermediate_size);
    EXPECT_EQ(again.num_hidden_layers, config.num_hidden_layers);
    EXPECT_EQ(again.num_attention_heads, config.num_attention_heads);
    EXPECT_EQ(again.num_key_value_heads, config.num_key_value_heads);
    EXPECT_EQ(again.head_dim, config.head_dim);
    EXPECT_EQ(again.max_position_embeddings, config.max_position_embeddings);
    EXPECT_EQ(again.rms_norm_eps, config.rms_norm_eps);
    EXPECT_EQ(again.qkv_bias, config.qkv_bias);
    EXPECT_EQ(again.attention_output_bias, config.attention_output_bias);
    EXPECT_EQ(again.mlp_bias, config.mlp_bias);
    EXPECT_EQ(again.qk_norm, config.qk_norm);
    EXPECT_EQ(again.tie_word_embeddings, config.tie_word_embeddings);
    EXPECT_EQ(again.rope.rope_type, config.rope.rope_type);
    EXPECT_EQ(again.rope.rope_theta, config.rope.rope_theta);
    EXPECT_EQ(again.rope.factor, config.rope.factor);
    const auto local_theta = [](const DecoderConfig& of) { return of.local_rope ? of.local_rope->rope_theta : 0; };
    EXPECT_EQ(local_theta(again), local_theta(config));
    EXPECT_EQ(again.hidden_act, config.hidden_act);
    EXPECT_EQ(again.scaled_embeddings, config.scaled_embeddings);
    EXPECT_EQ(again.unit_offset_norms, config.unit_offset_norms);
    EXPECT_EQ(again.sandwich_norms, config.sandwich_norms);
    EXPECT_EQ(again.query_pre_attn_scalar, config.query_pre_attn_scalar);
    EXPECT_EQ(again.attn_logit_softcapping, config.attn_logit_softcapping);
    EXPECT_EQ(again.final_logit_softcapping, config.final_logit_softcapping);
    EXPECT_EQ(again.sliding_window, config.sliding_window);
    EXPECT_EQ(again.layer_slides, config.layer_slides);
    EXPECT_EQ(again.layer_rotates, config.layer_rotates);
    EXPECT_EQ(again.eos_token_ids, config.eos_token_ids);
  }
}

// Every size, divisor and bound with every kind of bad value.
TEST(DecoderConfig, BadValuesAreRefusedByName) {
  const std::vector<std::string> integers = {
      "vocab_size",          "hidden_size",         "intermediate_size",       "num_hidden_layers",
      "num_attention_heads", "num_key_value_heads", "max_position_embeddings", "head_dim"};
  const std::vector<Json> bad = {0, -1, 1e300, 4611686018427387904LL, 1.5, "64", true, Json::array({1}), Json::object()};
  for (const std::string& key : integers) {
    for (const Json& value : bad) {
      Json json = small();
      json[key] = value;
      try {
        parse_decoder_config(json, "config.json");
        FAIL() << key << " = " << value;
      } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find(key), std::string::npos) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      }
    }
  }
  const auto refused = [](const char* key, const Json& value) {
    Json json = small();
    json[key] = value;
    EXPECT_THROW(parse_decoder_config(json, "c"), InputError) << key << " = " << value;
  };
  for (const Json& value : std::vector<Json>{0, -1, "x", 1.0, Json::object()}) refused("rms_norm_eps", value);
  for (const Json& value : std::vector<Json>{0, -5, "x", 1e300}) refused("rope_theta", value);
  for (const Json& value : std::vector<Json>{1, "yes"}) refused("attention_bias", value);
  refused("num_key_value_heads", 3);
  refused("head_dim", 15);
  refused("hidden_size", 66);
  refused("hidden_act", "gelu");
  refused("model_type", "mamba");
  refused("model_type", 3);
  refused("layer_types", Json::array({"full_attention"}));
  refused("eos_token_id", -3);
  refused("rope_scaling", Json({{"rope_type", "yarn"}, {"factor", 2.0}}));
  refused("rope_scaling", Json({{"rope_type", "linear"}, {"factor", 0}}));
  refused("rope_scaling", Json({{"rope_type", "llama3"},
                                {"factor", 2.0},
                                {"low_freq_factor", 4.0},
                                {"high_freq_factor", 4.0},
                                {"original_max_position_embeddings", 64}}));
  EXPECT_THROW(parse_decoder_config(Json::array(), "c"), InputError);
}

}  // namespace
}  // namespace zlens
