#include "experts/peft.h"

#include <gtest/gtest.h>

#include <cmath>

#include "io/json.h"
#include "io/safetensors.h"
#include "io/support.h"

namespace zlens {
namespace {

using test::expect_refused;
namespace fs = std::filesystem;

fs::path fixture(const std::string& name) {
  return fs::path(ZLENS_FIXTURES) / "peft" / name;
}

TEST(Peft, ReadsWhatPeftWrote) {
  const Expert plain = read_peft(fixture("plain"));
  EXPECT_EQ(plain.lora_a.size(), plain.lora_b.size());
  ASSERT_TRUE(plain.lora_a.contains("model.layers.0.self_attn.q_proj"));
  EXPECT_FALSE(plain.lora_a.contains("model.layers.0.self_attn.k_proj"));
  EXPECT_EQ(plain.lora_a.at("model.layers.0.self_attn.q_proj").rows, 4);
  const Expert patterns = read_peft(fixture("patterns"));
  EXPECT_EQ(patterns.lora_a.at("model.layers.1.mlp.down_proj").rows, 6);
  EXPECT_EQ(patterns.lora_a.at("model.layers.0.mlp.down_proj").rows, 3);
  EXPECT_EQ(patterns.lora_a.at("model.layers.0.self_attn.o_proj").rows, 2);
}

// alpha / sqrt(r) of PEFT's rslora, with the values of the patterns.
TEST(Peft, ScalingIsFoldedIntoB) {
  const Expert expert = read_peft(fixture("patterns"));
  const auto file = Safetensors::open(fixture("patterns") / "adapter_model.safetensors");
  const auto expect_scaled = [&](const std::string& module, double alpha, double r) {
    const auto data = file->data(file->tensors().at("base_model.model." + module + ".lora_B.weight"));
    const auto* stored = reinterpret_cast<const std::uint16_t*>(data.data());
    const float first = std::bit_cast<float>(static_cast<std::uint32_t>(stored[0]) << 16);
    EXPECT_FLOAT_EQ(expert.lora_b.at(module).values[0], static_cast<float>(first * alpha / std::sqrt(r))) << module;
  };
  expect_scaled("model.layers.0.self_attn.q_proj", 5, 3);
  expect_scaled("model.layers.2.self_attn.k_proj", 9, 3);
  expect_scaled("model.layers.1.mlp.down_proj", 1, 6);
  expect_scaled("model.layers.0.self_attn.o_proj", 5, 2);
}

class PeftFolder : public testing::Test {
 protected:
  PeftFolder() {
    fs::copy(fixture("plain"), folder_ / "adapter");
    config_ = read_json_file(folder_ / "adapter/adapter_config.json");
  }
  void refused(const Json& change, const char* fragment) {
    Json config = config_;
    config.update(change);
    test::write_bytes(folder_ / "adapter/adapter_config.json", config.dump());
    expect_refused((folder_ / "adapter").string(), fragment, [&] { read_peft(folder_ / "adapter"); });
  }

  TemporaryFolder folder_;
  Json config_;
};

TEST_F(PeftFolder, RefusesByNameWhatItDoesNotCompute) {
  refused({{"peft_type", "IA3"}}, "LORA");
  refused({{"use_dora", true}}, "'use_dora' is not supported");
  refused({{"bias", "lora_only"}}, "'bias'");
  refused({{"lora_bias", true}}, "'lora_bias'");
  refused({{"modules_to_save", {"lm_head"}}}, "'modules_to_save'");
  refused({{"fan_in_fan_out", true}}, "'fan_in_fan_out'");
  refused({{"layer_replication", {{0, 1}}}}, "'layer_replication'");
  refused({{"target_parameters", {"experts.w"}}}, "'target_parameters'");
  refused({{"trainable_token_indices", {1}}}, "'trainable_token_indices'");
  refused({{"alora_invocation_tokens", {1}}}, "'alora_invocation_tokens'");
  refused({{"loftq_config", {{"loftq_bits", 4}}}}, "'loftq_config'");
  refused({{"init_lora_weights", "pissa"}}, "rewrites the base");
  refused({{"init_lora_weights", "olora"}}, "rewrites the base");
  refused({{"a_setting_of_the_future", 3}}, "'a_setting_of_the_future'");
  refused({{"r", 0}}, "'r'");
  refused({{"r", "4"}}, "'r'");
  refused({{"r", 5}}, "has rank 4, the config says 5");
  refused({{"lora_alpha", "x"}}, "'lora_alpha'");
  refused({{"rank_pattern", {{"q_proj|v_proj", 4}}}}, "more than a name");
  refused({{"rank_pattern", {{".*q_proj", 4}}}}, "more than a name");
  refused({{"rank_pattern", 3}}, "must be an object");
  refused({{"alpha_pattern", {{"q_proj", 4}, {"self_attn.q_proj", 8}}}}, "several values");
}

TEST_F(PeftFolder, RefusesTensorsThatAreNoPairs) {
  const std::vector<float> values(8, 1);
  const auto weights = [&](const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& tensors, const char* fragment) {
    std::vector<TensorToWrite> out;
    for (const auto& [name, shape] : tensors) {
      std::int64_t count = 1;
      for (const std::int64_t size : shape) count *= size;
      out.push_back({name, Dtype::F32, shape, std::as_bytes(std::span(values).first(static_cast<std::size_t>(count)))});
    }
    write_safetensors(folder_ / "adapter/adapter_model.safetensors", out, {});
    expect_refused("", fragment, [&] {
      check_expert(
          [&] {
            Expert expert = read_peft(folder_ / "adapter");
            expert.name = "x";
            expert.base = std::string(64, 'a');
            return expert;
          }(),
          "x");
    });
  };
  const std::string q = "base_model.model.q_proj";
  weights({}, "changes nothing");
  weights({{q + ".lora_A.weight", {4, 2}}}, "no lora_b");
  weights({{q + ".lora_B.weight", {2, 4}}}, "no lora_a");
  weights({{q + ".lora_A.weight", {8}}}, "no matrix");
  weights({{q + ".lora_magnitude_vector", {4}}}, "is not supported");
  weights({{q + ".lora_embedding_A", {4, 2}}}, "is not supported");
  weights({{"q_proj.lora_A.weight", {4, 2}}}, "is not supported");
  weights({{"base_model.model..lora_A.weight", {4, 2}}}, "");
  fs::remove(folder_ / "adapter/adapter_model.safetensors");
  expect_refused("adapter_model.safetensors", "", [&] { read_peft(folder_ / "adapter"); });
}

TEST_F(PeftFolder, WritesWhatItReads) {
  for (const char* name : {"plain", "patterns"}) {
    Expert expert = read_peft(fixture(name));
    expert.name = name;
    expert.base = std::string(64, 'a');
    std::vector<std::string> matrices = {"model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.k_proj"};
    write_peft(folder_ / name, expert, matrices, "the base");
    const Expert again = read_peft(folder_ / name);
    ASSERT_EQ(again.lora_a.size(), expert.lora_a.size());
    for (const auto& [module, a] : expert.lora_a) {
      EXPECT_EQ(again.lora_a.at(module).values, a.values);
      EXPECT_EQ(again.lora_b.at(module).values, expert.lora_b.at(module).values);
    }
    EXPECT_EQ(read_json_file(folder_ / (std::string(name) + "/adapter_config.json"))["base_model_name_or_path"], "the base");
    expect_refused(name, "exists already", [&] { write_peft(folder_ / name, expert, matrices, ""); });
  }
}

TEST_F(PeftFolder, TargetModulesAreShortWhereThatSelectsTheSame) {
  Expert expert;
  expert.name = "x";
  expert.base = std::string(64, 'a');
  for (const char* name : {"layers.0.q_proj", "layers.1.q_proj"}) {
    expert.lora_a[name] = {1, 1, {1}};
    expert.lora_b[name] = {1, 1, {1}};
  }
  const auto targets = [&](const std::string& folder, const std::vector<std::string>& matrices) {
    write_peft(folder_ / folder, expert, matrices, "");
    return read_json_file(folder_ / (folder + "/adapter_config.json"))["target_modules"];
  };
  EXPECT_EQ(targets("short", {"layers.0.q_proj", "layers.1.q_proj", "layers.1.k_proj"}), Json({"q_proj"}));
  EXPECT_EQ(targets("long", {"layers.0.q_proj", "layers.1.q_proj", "layers.2.q_proj"}),
            Json({"layers.0.q_proj", "layers.1.q_proj"}));
  expert.record["scope"] = "answer";
  expect_refused("'x'", "scope answer", [&] { write_peft(folder_ / "z", expert, {}, ""); });
  expert.z["layers.0.q_proj"] = {1};
  expect_refused("'x'", "no LoRA expert", [&] { write_peft(folder_ / "z", expert, {}, ""); });
  EXPECT_FALSE(fs::exists(folder_ / "z"));
}

}  // namespace
}  // namespace zlens
