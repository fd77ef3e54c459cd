// A vision-language model whose folder holds everything but the decoder and the tokenizer: both are another checkpoint's.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "experts/export_checkpoint.h"
#include "io/atomic_file.h"
#include "io/error.h"
#include "io/json.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"
#include "train/initial_weights.h"
#include "train/train_state.h"
#include "vision/families.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

class Borrowed : public testing::Test {
 protected:
  Borrowed() {
    fs::create_directories(work_ / "language");
    language_ = load_model_fixture("smollm2", work_ / "language");
    fs::create_directories(work_ / "settings");
    const fs::path siglip = fs::path(ZLENS_FIXTURES) / "vlms" / "llava-siglip";
    Json config = read_json_file(siglip / "config.json");
    config.erase("text_config");
    config["zlens_language_model"] = "little";
    write_file_atomically(work_ / "settings" / "config.json", config.dump());
    fs::copy_file(siglip / "processor_config.json", work_ / "settings" / "processor_config.json");
  }

  LoadOptions options(Parameters* made) {
    LoadOptions out{.dtype = at::kFloat, .families = &families_};
    if (made)
      out.make_weight = [made](const std::string& name, at::IntArrayRef shape) {
        return (*made)[name] = initial_weight(name, shape, 1);
      };
    out.find_language_model = [this](const std::string& name) {
      EXPECT_EQ(name, "little");
      return work_ / "language";
    };
    return out;
  }

  TemporaryFolder work_;
  FamilyRegistry families_ = vision_families();
  std::shared_ptr<LanguageModel> language_;
};

TEST_F(Borrowed, TextIsReadAsTheLanguageModelReadsIt) {
  Parameters made;
  const auto model = LanguageModel::load(work_ / "settings", options(&made));
  for (const auto& [name, value] : made) EXPECT_FALSE(name.starts_with("model.language_model")) << name;
  EXPECT_EQ(model->tokenizer().token_to_id("<image>"), language_->tokenizer().vocab_size());
  const auto logits = [&](const LanguageModel& one) {
    return prompt_logits(one.decoder(), one.tokenize("what is it?", {}, true), nullptr);
  };
  EXPECT_TRUE(at::equal(logits(*model), logits(*language_)));
}

TEST_F(Borrowed, OnlyItsOwnWeightsAreWritten) {
  Parameters made;
  const auto model = LanguageModel::load(work_ / "settings", options(&made));
  export_weights(*model, made, work_ / "out", {.dtype = at::kFloat});
  const auto again = LanguageModel::load(work_ / "out", options(nullptr));
  const fs::path picture = fs::path(ZLENS_FIXTURES) / "vlms" / "wide.png";
  Caches caches;
  const auto answer = [&](const LanguageModel& one) {
    const std::vector<PreparedInput> inputs = {{LanguageModel::kOwnModality, one.own_modality()->prepare(picture)}};
    const TokenPrompt prompt = one.under_mix(one.tokenize(one.expand("<image>what?", inputs).text, inputs, true), nullptr, caches);
    return prompt_logits(one.decoder(), prompt, nullptr);
  };
  EXPECT_TRUE(at::equal(answer(*model), answer(*again)));
  EXPECT_EQ(again->language_model(), "little");
  EXPECT_THROW(export_checkpoint(
                   *again, [](const std::string&, const at::Tensor& tensor) { return tensor; }, work_ / "no"),
               InputError);
}

TEST_F(Borrowed, SaysWhatItLacks) {
  LoadOptions alone = options(nullptr);
  alone.find_language_model = {};
  EXPECT_THROW(LanguageModel::load(work_ / "settings", alone), InputError);
}

}  // namespace
}  // namespace zlens
