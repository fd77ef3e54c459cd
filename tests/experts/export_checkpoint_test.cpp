// Experts built into weights, and LoRA adapters against PEFT itself.
#include "experts/export_checkpoint.h"

#include <gtest/gtest.h>

#include "experts/mix.h"
#include "experts/peft.h"
#include "experts/random_expert.h"
#include "io/json.h"
#include "io/support.h"
#include "support/checkpoint.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

class Export : public testing::Test {
 protected:
  at::Tensor logits_with(const Expert& expert) {
    const auto mix = resolve({{std::make_shared<Expert>(expert), 1.0}}, base_.factors);
    return prompt_logits(base_.model->decoder(), {.ids = ids_}, mix);
  }
  at::Tensor logits_of(const fs::path& folder, at::ScalarType dtype = at::kFloat) {
    return prompt_logits(LanguageModel::load(folder, {.dtype = dtype})->decoder(), {.ids = ids_}, nullptr);
  }
  fs::path out(const std::string& name) const { return base_.folder / name; }

  TinyBase base_;
  std::vector<std::int32_t> ids_ = {3, 14, 15, 92, 65, 35, 89};
};

TEST_F(Export, TheMergedCheckpointAnswersAsTheBaseWithItsExpert) {
  for (const bool low_rank : {false, true}) {
    const Expert expert = random_expert(base_.factors, 0.1F, 5, low_rank);
    const fs::path folder = out(low_rank ? "low" : "z");
    export_checkpoint(expert, base_.factors, folder, {.dtype = at::kFloat});
    const at::Tensor expected = logits_with(expert);
    EXPECT_LT(max_difference(logits_of(folder), expected), 1e-4);
    EXPECT_GT(max_difference(logits_of(base_.folder.path()), expected), 1e-2) << "the expert does something";
  }
}

TEST_F(Export, RoundsOnceToTheDtype) {
  const Expert expert = random_expert(base_.factors, 0.1F, 5);
  export_checkpoint(expert, base_.factors, out("fp32"), {.dtype = at::kFloat});
  export_checkpoint(expert, base_.factors, out("bf16"), {.dtype = at::kBFloat16});
  const auto whole = read_tensors(out("fp32") / "model.safetensors"), half = read_tensors(out("bf16") / "model.safetensors");
  ASSERT_EQ(whole.size(), half.size());
  for (const auto& [name, tensor] : whole) EXPECT_TRUE(at::equal(tensor.to(at::kBFloat16), half.at(name))) << name;
  EXPECT_EQ(read_json_file(out("bf16") / "config.json")["dtype"], "bfloat16");
  EXPECT_EQ(read_json_file(out("fp32") / "config.json")["dtype"], "float32");
}

TEST_F(Export, UntouchedTensorsKeepTheirBitsAndFilesComeAlong) {
  Expert expert = random_expert(base_.factors, 0.1F, 5);
  std::erase_if(expert.z, [](const auto& entry) { return entry.first != "model.layers.0.mlp.up_proj"; });
  export_checkpoint(expert, base_.factors, out("one"), {.dtype = at::kFloat});
  const auto before = read_tensors(base_.folder / "model.safetensors"), after = read_tensors(out("one") / "model.safetensors");
  ASSERT_EQ(before.size(), after.size());
  for (const auto& [name, tensor] : before)
    EXPECT_EQ(at::equal(tensor, after.at(name)), name != "model.layers.0.mlp.up_proj.weight") << name;
  EXPECT_EQ(test::read_bytes(base_.folder / "tokenizer.json"), test::read_bytes(out("one") / "tokenizer.json"));
  EXPECT_TRUE(fs::exists(out("one") / "tokenizer_config.json"));
}

TEST_F(Export, ShardsAddUpToTheSame) {
  const Expert expert = random_expert(base_.factors, 0.1F, 5);
  export_checkpoint(expert, base_.factors, out("whole"), {.dtype = at::kFloat});
  export_checkpoint(expert, base_.factors, out("shards"), {.dtype = at::kFloat, .shard_bytes = 20'000});
  EXPECT_FALSE(fs::exists(out("shards") / "model.safetensors"));
  const Json index = read_json_file(out("shards") / "model.safetensors.index.json");
  EXPECT_GT(index["weight_map"].size(), 5U);
  EXPECT_TRUE(at::equal(logits_of(out("whole")), logits_of(out("shards"))));
}

TEST_F(Export, RefusesAndLeavesNothing) {
  Expert expert = random_expert(base_.factors, 0.1F, 5);
  fs::create_directory(out("full"));
  test::write_bytes(out("full") / "file", "precious");
  test::expect_refused("full", "exists already", [&] { export_checkpoint(expert, base_.factors, out("full")); });
  expert.base = std::string(64, 'f');
  test::expect_refused(expert.name, expert.base, [&] { export_checkpoint(expert, base_.factors, out("foreign")); });
  expert = random_expert(base_.factors, 0.1F, 5);
  expert.record["scope"] = "answer";
  test::expect_refused(expert.name, "scope answer", [&] { export_checkpoint(expert, base_.factors, out("answer")); });
  EXPECT_FALSE(fs::exists(out("foreign")));
  EXPECT_FALSE(fs::exists(out("answer")));
}

TEST_F(Export, AdaptersOfPeftGiveItsLogits) {
  for (const char* name : {"plain", "patterns"}) {
    const fs::path folder = fs::path(ZLENS_FIXTURES) / "peft" / name;
    Expert expert = read_peft(folder);
    expert.name = name;
    expert.base = base_.factors.base_hash();
    const auto golden = read_tensors(folder / "golden.safetensors");
    ids_ = ids_of(golden.at("input_ids"), 0, golden.at("input_ids").numel());
    const at::Tensor expected = golden.at("logits");
    EXPECT_LT(max_difference(logits_with(expert).reshape(expected.sizes()), expected), 1e-4) << name;
    export_checkpoint(expert, base_.factors, out(name), {.dtype = at::kFloat});
    EXPECT_LT(max_difference(logits_of(out(name)).reshape(expected.sizes()), expected), 1e-4) << name;
  }
}

TEST_F(Export, LoraXsBecomesLora) {
  Expert expert = random_expert(base_.factors, 0.3F, 6, /*low_rank=*/true);
  const Expert lora = with_lora_for_xs(expert, base_.factors);
  EXPECT_TRUE(lora.xs.empty());
  EXPECT_EQ(lora.lora_a.size(), base_.model->matrices().size());
  EXPECT_LT(max_difference(logits_with(lora), logits_with(expert)), 1e-4);
}

}  // namespace
}  // namespace zlens
