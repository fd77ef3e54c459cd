// Vision-language checkpoints against transformers: tests/fixtures/make_vlms.py made folders and goldens.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "app/request_preparer.h"
#include "app/session.h"
#include "experts/base_hash.h"
#include "experts/expert.h"
#include "experts/export_checkpoint.h"
#include "experts/factors.h"
#include "experts/mix.h"
#include "experts/transfer.h"
#include "io/atomic_file.h"
#include "io/error.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "support/checkpoint.h"
#include "support/temporary_folder.h"
#include "support/vlm_fixtures.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> families() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(kVlms))
    if (entry.is_directory()) out.push_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

class VisionLanguage : public testing::TestWithParam<std::string> {
 protected:
  VisionLanguage()
      : golden_(read_tensors((folder() / "golden.safetensors").string())),
        cases_(parse_json(Safetensors::open(folder() / "golden.safetensors")->metadata().at("cases"), "cases")),
        session_({.model = folder().string(), .dtype = "fp32", .threads = 1}) {
    setenv("XDG_CACHE_HOME", (work_ / "user-cache").c_str(), 1);
  }

  static fs::path folder() { return kVlms / GetParam(); }

  Request request(const Json& described) const {
    Request out{.question = described.at("prompt").get<std::string>(), .raw = described.at("raw").get<bool>()};
    for (const Json& name : described.at("images")) out.inputs.push_back({"image", kVlms / (name.get<std::string>() + ".png")});
    return out;
  }
  TokenPrompt prompt(const Request& request) {
    return session_.model()->under_mix(session_.preparer().prepare(request).prompt, nullptr, caches_);
  }
  TokenPrompt prompt(const Json& described) { return prompt(request(described)); }
  std::vector<Generation> continued(const std::vector<TokenPrompt>& prompts) {
    return generate(session_.model()->decoder(), prompts, {.max_new_tokens = 32}, nullptr, caches_);
  }

  TemporaryFolder work_;
  std::map<std::string, at::Tensor> golden_;
  Json cases_;
  Session session_;
  Caches caches_;
};

TEST_P(VisionLanguage, PixelsTokensFeaturesAndLogits) {
  for (const auto& [name, described] : cases_.items()) {
    SCOPED_TRACE(name);
    session_.write_logits(request(described), work_ / (name + ".safetensors"));
    const auto written = read_tensors((work_ / (name + ".safetensors")).string());
    EXPECT_TRUE(at::equal(written.at("input_ids"), golden_.at(name + ".input_ids")))
        << written.at("input_ids") << golden_.at(name + ".input_ids");
    const std::tuple<const char*, double> parts[] = {{"pixel_values", 1e-6}, {"image_features", 1e-4}, {"logits", 1e-4}};
    for (const auto& [part, tolerance] : parts) {
      if (!golden_.contains(name + "." + part)) continue;  // of some cases
      const at::Tensor &own = written.at(part), &expected = golden_.at(name + "." + part);
      ASSERT_EQ(own.sizes(), expected.sizes()) << part;
      EXPECT_LT(max_difference(own, expected), tolerance) << part;
    }
  }
}

TEST_P(VisionLanguage, GreedyTokensAloneAndTogether) {
  std::vector<TokenPrompt> prompts;
  std::vector<std::vector<std::int32_t>> expected;
  for (const auto& [name, described] : cases_.items()) {
    prompts.push_back(prompt(described));
    expected.push_back(ids_of(golden_.at(name + ".greedy"), 0, 32));
    EXPECT_EQ(continued({prompts.back()}).front().ids, expected.back()) << name;
  }
  const auto together = continued(prompts);
  for (std::size_t i = 0; i < prompts.size(); ++i) EXPECT_EQ(together[i].ids, expected[i]) << i;
}

TEST_P(VisionLanguage, APictureIsEncodedOnceAndItsPrefixServesEveryQuestion) {
  Request request{.question = "what is it?", .inputs = {{"image", kVlms / "wide.png"}}};
  const TokenPrompt first = prompt(request);
  request.question = "how many are there?";
  const TokenPrompt second = prompt(request);
  EXPECT_EQ(caches_.encodings.size(), 1U);
  EXPECT_TRUE(at::equal(first.embeddings, second.embeddings));
  const auto together = continued({first, second});
  if (session_.model()->decoder().config().bidirectional_prompt) {
    EXPECT_EQ(together[1].reused_tokens, 0) << "what is read in both directions serves no other question";
  } else {
    EXPECT_GT(together[1].reused_tokens, first.embeddings.size(0)) << "all of the picture";
  }
  EXPECT_EQ(together[1].ids, continued({second}).front().ids);
}

TEST_P(VisionLanguage, ExpertsOfEitherSide) {
  const auto model = session_.model();
  const auto logits_with = [&](bool vision, const char* form) {
    Expert expert{.name = "side", .description = "none", .base = base_hash(*model, work_ / "cache")};
    for (const AdaptableMatrix& matrix : model->matrices())
      if (vision != matrix.name.starts_with(model->decoder_name() + "."))
        expert.z[matrix.name].assign(static_cast<std::size_t>(std::min(matrix.weight.size(0), matrix.weight.size(1))), 1.2F);
    const fs::path file = work_ / (vision ? "vision.safetensors" : "language.safetensors");
    write_expert(file, expert);
    const Session adapted({.model = folder().string(), .dtype = "fp32", .threads = 1, .expert = file.string(), .form = form});
    adapted.write_logits(request(cases_.at("wide")), work_ / "l.safetensors");
    return read_tensors((work_ / "l.safetensors").string());
  };
  const auto language = logits_with(false, "delta"), vision = logits_with(true, "delta");
  const at::Tensor &features = golden_.at("wide.image_features"), &logits = golden_.at("wide.logits");
  EXPECT_LT(max_difference(language.at("image_features"), features), 1e-4) << "pictures are read by the base";
  EXPECT_GT(max_difference(language.at("logits"), logits), 1e-2);
  EXPECT_GT(max_difference(vision.at("image_features"), features), 1e-2);
  EXPECT_GT(max_difference(vision.at("logits"), logits), 1e-2);
  for (const char* form : {"factored", "merged"}) {
    const auto other = logits_with(true, form);
    EXPECT_LT(max_difference(other.at("image_features"), vision.at("image_features")), 1e-3) << form;
    EXPECT_LT(max_difference(other.at("logits"), vision.at("logits")), 1e-3) << form;
  }
}

// An expert of the language model that the family is built on, carried over by names and singular bases.
TEST_P(VisionLanguage, ExpertsOfItsLanguageModelTransfer) {
  if (!fs::exists(folder() / "processor_config.json"))
    GTEST_SKIP() << "written by its own code: the decoder has no config.json of its own";
  const fs::path alone = work_ / "language";
  fs::create_directories(alone);
  const Json config = read_json_file(folder() / "config.json");
  Json decoder = config.at("text_config");
  decoder["tie_word_embeddings"] = config.value("tie_word_embeddings", GetParam().starts_with("paligemma"));
  decoder.erase("use_bidirectional_attention");  // the family's
  write_file_atomically(alone / "config.json", decoder.dump());
  std::map<std::string, at::Tensor> tensors;
  std::vector<TensorToWrite> written;
  for (const auto& [name, tensor] : read_tensors((folder() / "model.safetensors").string()))
    for (const char* prefix : {"language_model.model.", "model.text_model.", "language_model.lm_head.", "lm_head."})
      if (name.starts_with(prefix)) {
        const bool head = std::string(prefix).ends_with("lm_head.");
        tensors[(head ? "lm_head." : "model.") + name.substr(std::string(prefix).size())] = tensor.contiguous();
      }
  for (const auto& [name, tensor] : tensors)
    written.push_back(
        {name, Dtype::F32, tensor.sizes().vec(), {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}});
  write_safetensors(alone / "model.safetensors", written, {});
  for (const char* file : {"tokenizer.json", "tokenizer_config.json"}) fs::copy_file(folder() / file, alone / file);

  const auto language = LanguageModel::load(alone, {.dtype = at::kFloat});
  FactorStore from(language, base_hash(*language, work_ / "cache"), work_ / "cache");
  FactorStore to(session_.model(), base_hash(*session_.model(), work_ / "cache"), work_ / "cache");
  Expert expert{.name = "text", .description = "none", .base = from.base_hash()};
  for (const AdaptableMatrix& matrix : language->matrices())
    expert.z[matrix.name].assign(static_cast<std::size_t>(std::min(matrix.weight.size(0), matrix.weight.size(1))), 1.1F);
  const Transfer moved = transfer_expert(expert, from, to);
  EXPECT_NEAR(moved.report.alignment, 1, 1e-4);
  EXPECT_LT(moved.report.effect, 1e-4);
  EXPECT_EQ(moved.expert.z.size(), language->matrices().size());
  const auto logits = [&](const LanguageModel& model, const Expert& used, FactorStore& factors) {
    const TokenPrompt prompt = model.tokenize("what is it?", {}, true);
    return prompt_logits(model.decoder(), prompt, resolve({{std::make_shared<Expert>(used), 1.0, {}}}, factors));
  };
  if (session_.model()->decoder().config().bidirectional_prompt) return;  // alone, the decoder reads a prompt in one direction
  EXPECT_LT(max_difference(logits(*language, expert, from), logits(*session_.model(), moved.expert, to)), 1e-4);
}

TEST_P(VisionLanguage, AnExportedCheckpointAnswersLikeTheExpert) {
  const auto model = session_.model();
  FactorStore factors(model, base_hash(*model, work_ / "cache"), work_ / "cache");
  Expert expert{.name = "both", .description = "none", .base = factors.base_hash()};
  for (const AdaptableMatrix& matrix : model->matrices())
    expert.z[matrix.name].assign(static_cast<std::size_t>(std::min(matrix.weight.size(0), matrix.weight.size(1))), 1.1F);
  write_expert(work_ / "both.safetensors", expert);
  export_checkpoint(expert, factors, work_ / "merged", {.dtype = at::kFloat});
  const Session adapted(
      {.model = folder().string(), .dtype = "fp32", .threads = 1, .expert = (work_ / "both.safetensors").string()});
  const Session merged({.model = (work_ / "merged").string(), .dtype = "fp32", .threads = 1});
  adapted.write_logits(request(cases_.at("wide")), work_ / "a.safetensors");
  merged.write_logits(request(cases_.at("wide")), work_ / "b.safetensors");
  const auto a = read_tensors((work_ / "a.safetensors").string()), b = read_tensors((work_ / "b.safetensors").string());
  for (const auto& [name, tensor] : a) EXPECT_LT(max_difference(tensor, b.at(name)), 1e-3) << name;
}

TEST_P(VisionLanguage, WrongNumbersOfPicturesAreRefused) {
  const auto refused = [&](std::string prompt, std::size_t pictures) {
    const std::string placeholder = session_.model()->own_modality()->placeholder();
    for (std::size_t at = prompt.find("<image>"); at != prompt.npos; at = prompt.find("<image>", at + placeholder.size()))
      prompt.replace(at, 7, placeholder);
    Request request{.question = prompt, .raw = true};
    for (std::size_t i = 0; i < pictures; ++i) request.inputs.push_back({"image", kVlms / "tall.png"});
    EXPECT_THROW(session_.preparer().prepare(request), InputError) << prompt << pictures;
  };
  refused("<image>what?", 2);
  refused("<image><image>what?", 1);
  refused("what?", 1);
  refused("<image>what?", 0);
}

INSTANTIATE_TEST_SUITE_P(Families, VisionLanguage, testing::ValuesIn(families()), [](const auto& param) {
  std::string name = param.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace zlens
