// Experts on the vision side: their gradient, and training that can only succeed by changing what the tower sees.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "experts/base_hash.h"
#include "experts/factors.h"
#include "experts/sample_stream.h"
#include "io/atomic_file.h"
#include "io/json.h"
#include "support/checkpoint.h"
#include "support/temporary_folder.h"
#include "support/vlm_fixtures.h"
#include "train/few_shot.h"
#include "train/sample_tree.h"
#include "train/trainable.h"
#include "train/trainer.h"
#include "vision/families.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

// Two pictures; the right answer to the one question is another letter for each.
class Pictures : public SampleStream {
 public:
  explicit Pictures(const LanguageModel& model) {
    Caches caches;
    for (const char* name : {"wide", "tall"}) {
      const std::vector<PreparedInput> inputs = {
          {LanguageModel::kOwnModality, model.own_modality()->prepare(kVlms / (std::string(name) + ".png"))}};
      TrainingSample sample{.id = name, .group = name, .field = name};
      sample.prompt = model.under_mix(model.tokenize(model.expand("<image>what?", inputs).text, inputs, true), nullptr, caches);
      sample.references = {samples_.empty() ? "w" : "t"};
      samples_.push_back(std::move(sample));
    }
  }
  std::size_t size() const override { return samples_.size(); }
  TrainingSample at(std::size_t index) const override { return samples_[index]; }

 private:
  std::vector<TrainingSample> samples_;
};

class SameText : public Reward {
 public:
  double score(const TrainingSample& sample, const std::string& answer) const override {
    return answer == sample.references.front() ? 1 : 0;
  }
};

class VisionTraining : public testing::TestWithParam<std::string> {
 protected:
  VisionTraining() : model_(load()), factors_(model_, base_hash(*model_, work_ / "cache"), work_ / "cache"), pictures_(*model_) {
    at::set_num_threads(1);
  }
  static std::shared_ptr<LanguageModel> load() {
    const FamilyRegistry families = vision_families();
    return LanguageModel::load(kVlms / GetParam(), {.dtype = at::kFloat, .families = &families});
  }
  std::unique_ptr<Trainable> vision_side() {
    return make_trainable(factors_, {.matrices = "vision", .form = LinearForm::Factored});
  }

  TemporaryFolder work_;
  std::shared_ptr<LanguageModel> model_;
  FactorStore factors_;
  Pictures pictures_;
};

TEST_P(VisionTraining, GradientOfZ) {
  const auto trainable = vision_side();
  const TrainingSample sample = pictures_.at(0);
  Caches caches;
  const auto loss = [&] {
    const auto mix = trainable->mix();
    const TokenPrompt prompt = model_->under_mix(sample.prompt, mix, caches);
    const std::vector<AnsweredPrompt> answered = {{&prompt, {model_->tokenizer().encode("what", false)}}};
    return answer_logprobs(model_->decoder(), answered, {mix}).sum();
  };
  loss().backward();
  int compared = 0;
  for (auto& [name, p] : trainable->parameters()) {
    EXPECT_FALSE(name.starts_with("z/" + model_->decoder_name())) << name;
    ASSERT_TRUE(p.grad().defined()) << name;
    if (++compared % 5 != 1) continue;  // some of them
    const at::Tensor before = p.detach().clone();
    const auto moved = [&](double by) {
      at::Tensor next = before.clone();
      next[0] += by;
      p.set_data(next);
      return loss().item<double>();
    };
    const double analytic = p.grad()[0].item<double>(), numeric = (moved(1e-2) - moved(-1e-2)) / 2e-2;
    p.set_data(before);
    EXPECT_NEAR(analytic, numeric, 2e-3 + 0.03 * std::abs(analytic)) << name;
  }
  EXPECT_GT(compared, 10);
}

TEST_P(VisionTraining, LearnsToTellTwoPicturesApart) {
  const auto trainable = vision_side();
  TrainOptions options;
  options.objective = "sft";
  options.steps = 120;
  options.prompts = 2;
  options.per_group = 1;
  options.max_new_tokens = 4;
  options.validate_every = 40;
  options.learning_rate = 0.05;
  const SameText reward;
  const TrainResult result = train(*model_, *trainable, {&pictures_, nullptr, &pictures_, &reward}, options,
                                   {.folder = work_ / "train", .identity = {{"vision", true}}});
  EXPECT_LT(result.base_score, 0.9);
  EXPECT_EQ(result.best_score, 1);

  // The few-shot search sees through the adapted tower, in what it compares ties by, too.
  Expert sight;
  sight.base = factors_.base_hash();
  trainable->store(sight);
  Expert nothing = sight;
  for (auto& [name, z] : nothing.z) std::fill(z.begin(), z.end(), 1.0F);
  const FewShotData data{.shots = {pictures_.at(0), pictures_.at(1)}, .selection = {}, .reward = &reward};
  const auto tie = [&](const Expert& expert) {
    const FewShotOptions search{.cem = {.population = 2}, .rounds = 1, .max_new_tokens = 4};
    return adapt(*model_, factors_, {std::make_shared<const Expert>(expert)}, data, search).rounds.front().best.tie;
  };
  EXPECT_GT(tie(sight), tie(nothing) + 0.5);
}

// A tower of three layers before a decoder of two.
TEST(FewShotVision, TheDeepestLayerHasAWeightOfItsOwn) {
  at::set_num_threads(1);
  const TemporaryFolder work;
  fs::copy(kVlms / "llava", work / "deep", fs::copy_options::recursive);
  Json config = read_json_file(work / "deep" / "config.json");
  config["vision_feature_layer"] = -1;
  write_file_atomically(work / "deep" / "config.json", config.dump());
  const FamilyRegistry families = vision_families();
  const auto model = LanguageModel::load(work / "deep", {.dtype = at::kFloat, .families = &families});
  FactorStore factors(model, base_hash(*model, work / "cache"), work / "cache");
  Expert expert;
  expert.base = factors.base_hash();
  make_trainable(factors, {.matrices = "vision"})->store(expert);
  for (auto& [name, z] : expert.z) std::fill(z.begin(), z.end(), 1.5F);
  const Pictures pictures(*model);
  const SameText reward;
  const FewShotData data{.shots = {pictures.at(0), pictures.at(1)}, .selection = {}, .reward = &reward};
  const FewShotOptions search{.cem = {.population = 2}, .rounds = 1, .by_layer = true, .max_new_tokens = 2};
  EXPECT_EQ(adapt(*model, factors, {std::make_shared<const Expert>(expert)}, data, search).rounds.front().mean.size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Families, VisionTraining, testing::Values("llava", "idefics3"));

}  // namespace
}  // namespace zlens
