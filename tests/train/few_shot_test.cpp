#include "train/few_shot.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "io/error.h"
#include "train/toy.h"
#include "train/trainer.h"

namespace zlens {
namespace {

class FewShot : public testing::Test {
 protected:
  FewShot() {
    TrainOptions options;
    options.steps = 8;
    options.prompts = 4;
    options.samples = 4;
    options.max_new_tokens = 6;
    options.learning_rate = 0.05;
    options.kl = 0;
    const auto trainable = make_trainable(toy_.factors, {});
    train(*toy_.model, *trainable, {&stream_, nullptr, nullptr, &reward_}, options, {.folder = folder_ / "train", .identity = {}});
    good_ = expert("good");
    trainable->store(*good_);
    bad_ = std::make_shared<Expert>(*good_);  // the opposite direction
    bad_->name = bad_->sha256 = "bad";
    for (auto& [name, z] : bad_->z)
      for (float& value : z) value = 2 - value;
    for (std::size_t i = 0; i < 4; ++i) data_.shots.push_back(stream_.at(i));
    for (std::size_t i = 4; i < 8; ++i) data_.selection.push_back(stream_.at(i));
    data_.reward = &reward_;
    options_.cem.population = 8;
    options_.rounds = 3;
    options_.max_new_tokens = 6;
  }

  std::shared_ptr<Expert> expert(const std::string& name) const {
    auto out = std::make_shared<Expert>();
    out->name = out->sha256 = name;
    out->base = toy_.factors.base_hash();
    return out;
  }

  ToyModel toy_;
  ToyStream stream_{6};
  LateLetters reward_;
  TemporaryFolder folder_;
  std::shared_ptr<Expert> good_, bad_;
  FewShotData data_;
  FewShotOptions options_;
};

TEST_F(FewShot, FindsTheExpertThatHelps) {
  const FewShotResult result = adapt(*toy_.model, toy_.factors, {good_, bad_}, data_, options_);
  EXPECT_GT(result.selection_score, result.base_selection_score);
  ASSERT_EQ(result.mix.size(), 2U);
  EXPECT_GT(result.mix[0].weight - result.mix[1].weight, 0) << "z of bad is 2 - z of good";
}

TEST_F(FewShot, ByLayerGivesEveryLayerItsWeight) {
  options_.by_layer = true;
  options_.rounds = 1;
  data_.selection.clear();
  const FewShotResult result = adapt(*toy_.model, toy_.factors, {good_}, data_, options_);
  ASSERT_EQ(result.mix.size(), 1U);
  EXPECT_EQ(result.mix[0].by_layer.size(), static_cast<std::size_t>(toy_.model->decoder().config().num_hidden_layers));
  EXPECT_EQ(describe(result.mix)[0].at("by_layer").size(), result.mix[0].by_layer.size());
}

// With copies of the shots for selection, and without any: what is kept was scored itself, not the best of its round.
TEST_F(FewShot, TheScoreOnShotsIsThatOfTheMix) {
  const FewShotData alone{data_.shots, {}, &reward_};
  FewShotData copied = alone;
  for (TrainingSample sample : data_.shots) {
    sample.id += " again";
    copied.selection.push_back(std::move(sample));
  }
  const FewShotResult by_shots = adapt(*toy_.model, toy_.factors, {good_, bad_}, alone, options_),
                      by_copies = adapt(*toy_.model, toy_.factors, {good_, bad_}, copied, options_);
  EXPECT_GT(by_copies.selection_score, by_copies.base_selection_score);
  EXPECT_NEAR(by_copies.shots_score, by_copies.selection_score, 1e-9);
  EXPECT_NEAR(by_shots.shots_score, by_copies.shots_score, 1e-9);
  EXPECT_EQ(describe(by_shots.mix), describe(by_copies.mix));
}

TEST_F(FewShot, WhereNothingHelpsTheBaseStays) {
  const NoReward nothing;
  data_.reward = &nothing;
  EXPECT_TRUE(adapt(*toy_.model, toy_.factors, {good_, bad_}, data_, options_).mix.empty());
}

TEST_F(FewShot, ShotsAndSelectionMustBeDisjoint) {
  data_.selection.push_back(data_.shots.front());
  EXPECT_THROW(adapt(*toy_.model, toy_.factors, {good_}, data_, options_), InputError);
  data_.selection.clear();
  EXPECT_THROW(adapt(*toy_.model, toy_.factors, {}, data_, options_), InputError);
}

}  // namespace
}  // namespace zlens
