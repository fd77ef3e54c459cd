#include "train/objectives.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "eval/rewards.h"
#include "support/checkpoint.h"
#include "train/toy.h"

namespace zlens {
namespace {

// Texts of different lengths that begin alike, a group each; the answer is always "x".
class AlikeTexts : public SampleStream {
 public:
  explicit AlikeTexts(std::size_t common) : common_(common) {}
  std::size_t size() const override { return 40; }
  std::size_t group_end(std::size_t index) const override { return index + 1; }
  TrainingSample at(std::size_t index) const override {
    TrainingSample out{.id = std::to_string(index), .group = std::to_string(index)};
    for (std::size_t i = 0; i < 20 + index % 7; ++i)
      out.prompt.ids.push_back(static_cast<std::int32_t>(i < common_ ? 3 + 5 * i % 90 : 3 + (7 * index + 5 * i) % 90));
    out.references = {"x"};
    return out;
  }

 private:
  std::size_t common_;
};

using Gradients = std::map<std::string, at::Tensor>;

Gradients taken(Trainable& trainable) {
  Gradients out;
  for (auto& [name, value] : trainable.parameters()) {
    out[name] = value.grad().clone();
    value.mutable_grad() = at::Tensor();
  }
  return out;
}

TEST(Objectives, ImitateASpellingThatASampleBrings) {
  ToyModel toy;
  TrainingSample sample = AlikeTexts(0).at(0);
  const std::vector<std::int32_t> plain = reference_ids(*toy.model, sample);
  sample.spelling = {3, 1};
  EXPECT_EQ(reference_ids(*toy.model, sample), (std::vector<std::int32_t>{3, 1, plain.back()}));
}

// With nothing in common (rows of a batch), with half (one tree), and with all but the last tokens: each text learns as if alone.
TEST(Objectives, TextsThatAreReadTogetherLearnAsEachAlone) {
  ToyModel toy;
  const auto trainable = make_trainable(toy.factors, {});
  at::manual_seed(4);
  for (auto& [name, value] : trainable->parameters()) value.set_data(0.05 * at::randn_like(value));
  for (const std::size_t common : {0, 10, 18}) {
    const AlikeTexts stream(common);
    const TrainData data{&stream, nullptr, nullptr, nullptr};
    const TrainOptions options{.prompts = static_cast<std::int64_t>(stream.size())};
    Objectives objectives(*toy.model, *trainable, data, options);
    SampleOrder order(stream, 0);
    const double loss = objectives.imitate_references(order).loss;
    const Gradients together = taken(*trainable);

    at::Tensor sum = at::zeros({});
    std::int64_t tokens = 0;
    for (std::size_t i = 0; i < stream.size(); ++i) {
      const TrainingSample sample = stream.at(i);
      const AnsweredPrompt asked{&sample.prompt, {reference_ids(*toy.model, sample)}};
      const at::Tensor logprobs = answer_logprobs(toy.model->decoder(), {&asked, 1}, {trainable->mix()});
      sum = sum - logprobs.sum();
      tokens += logprobs.numel();
    }
    const at::Tensor mean = sum / static_cast<double>(tokens);
    mean.backward();
    EXPECT_NEAR(loss, mean.item<double>(), 1e-4) << common;
    for (const auto& [name, gradient] : taken(*trainable)) {
      EXPECT_GT(gradient.abs().max().item<double>(), 0) << name;
      EXPECT_LT(max_difference(together.at(name), gradient), 1e-5 + 1e-4 * gradient.abs().max().item<double>())
          << common << " " << name;
    }
  }
}

}  // namespace
}  // namespace zlens
