// SmolLM2-135M-Instruct from its GGUF against transformers on the dequantised weights (tests/fixtures/make_smollm2.py).
#include <gtest/gtest.h>

#include <filesystem>

#include "io/json.h"
#include "io/user_folders.h"
#include "text/model.h"

namespace zlens {
namespace {

TEST(SmolLm2, GreedyTokensOfFivePromptsInFloat32) {
  const Json golden = read_json_file(std::filesystem::path(ZLENS_FIXTURES) / "smollm2/golden.json");
  const auto path = user_data_folder() / "models/smollm2" / golden.at("file").get<std::string>();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent (scripts/setup installs it)";
  const auto model = LanguageModel::load(path, {.dtype = at::ScalarType::Float});
  Caches caches;
  ASSERT_EQ(golden.at("cases").size(), 5U);
  for (const Json& entry : golden.at("cases")) {
    const std::string prompt = entry.at("prompt");
    TokenPrompt tokens = model->tokenize(prompt, {});
    EXPECT_EQ(tokens.ids, entry.at("input_ids").get<std::vector<std::int32_t>>()) << prompt;
    const auto out = generate(model->decoder(), std::span(&tokens, 1), {.max_new_tokens = 64}, nullptr, caches).front();
    EXPECT_EQ(out.ids, entry.at("tokens").get<std::vector<std::int32_t>>()) << prompt;
  }
  const auto chat = golden.at("cases").back();
  ASSERT_EQ(chat.at("name"), "chat");
  EXPECT_EQ(model->render(golden.at("messages")), chat.at("prompt").get<std::string>());
}

}  // namespace
}  // namespace zlens
