// Trees of questions and answers against every answer computed alone, and gradients against numeric differences.
#include "train/sample_tree.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <map>

#include "support/checkpoint.h"
#include "train/toy.h"
#include "train/trainable.h"

namespace zlens {
namespace {

class SampleTree : public testing::Test {
 protected:
  SampleTree() : trainable_(make_trainable(toy_.factors, {})) {
    at::manual_seed(3);
    for (auto& [name, value] : trainable_->parameters()) value.set_data(0.1 * at::randn_like(value));
    const ToyStream stream(1);
    for (std::size_t i = 0; i < 2; ++i) samples_.push_back(stream.at(i));
    for (const TrainingSample& sample : samples_) prompts_.push_back({&sample.prompt, {{50, 51, 52, 1}, {60}, {50, 70, 1}}});
  }

  std::shared_ptr<ActiveMix> mix(bool answer_only = false) const {
    auto out = trainable_->mix();
    out->answer_only = answer_only;
    out->content_hash = "toy";
    return out;
  }

  // Log-probabilities of one answer behind one prompt, the plain way.
  at::Tensor alone(const TokenPrompt& prompt, const std::vector<std::int32_t>& answer,
                   const std::shared_ptr<const ActiveMix>& mix) const {
    TokenPrompt whole{.ids = prompt.ids};
    whole.ids.insert(whole.ids.end(), answer.begin(), answer.end());
    const at::Tensor logprobs = prompt_logits(toy_.model->decoder(), whole, mix).log_softmax(-1);
    std::vector<float> out;
    for (std::size_t t = 0; t < answer.size(); ++t)
      out.push_back(logprobs[static_cast<std::int64_t>(prompt.ids.size() + t) - 1][answer[t]].item<float>());
    return at::tensor(at::ArrayRef<float>(out));
  }

  ToyModel toy_;
  std::unique_ptr<Trainable> trainable_;
  std::vector<TrainingSample> samples_;
  std::vector<AnsweredPrompt> prompts_;
};

TEST_F(SampleTree, EqualsEveryAnswerAlone) {
  for (const auto& active : {std::shared_ptr<const ActiveMix>(mix()), std::shared_ptr<const ActiveMix>()}) {
    std::vector<at::Tensor> expected;
    for (const AnsweredPrompt& prompt : prompts_)
      for (const auto& answer : prompt.answers) expected.push_back(alone(*prompt.prompt, answer, active));
    EXPECT_LT(max_difference(answer_logprobs(toy_.model->decoder(), prompts_, {active}), at::cat(expected)), 1e-4);
  }
}

TEST_F(SampleTree, ABaseThatReadsThePromptGivesTheBaseWithoutAMix) {
  Caches caches;
  const at::Tensor direct = answer_logprobs(toy_.model->decoder(), prompts_, {});
  EXPECT_LT(max_difference(direct, answer_logprobs(toy_.model->decoder(), prompts_, {nullptr, &caches})), 1e-5);
  EXPECT_GE(caches.prefixes.size(), 1U);
  EXPECT_LT(max_difference(direct, answer_logprobs(toy_.model->decoder(), prompts_, {nullptr, &caches})), 1e-5) << "kept";
}

TEST_F(SampleTree, ScopeAnswerIsWhatGenerationComputes) {
  for (TrainingSample& sample : samples_) sample.prompt.answer_from = 20;
  const auto active = mix(/*answer_only=*/true);
  std::vector<TokenPrompt> batch;
  for (const TrainingSample& sample : samples_) batch.push_back(sample.prompt);
  Caches caches;
  const auto generated = generate(toy_.model->decoder(), batch, {.max_new_tokens = 6}, active, caches);
  std::vector<AnsweredPrompt> answered;
  std::vector<float> expected;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    answered.push_back({&samples_[i].prompt, {generated[i].ids}});
    expected.insert(expected.end(), generated[i].logprobs.begin(), generated[i].logprobs.end());
  }
  const at::Tensor trained = answer_logprobs(toy_.model->decoder(), answered, {active, &caches});
  EXPECT_LT(max_difference(trained, at::tensor(at::ArrayRef<float>(expected))), 1e-4);
  const auto everywhere = generate(toy_.model->decoder(), batch, {.max_new_tokens = 6}, mix(), caches);
  EXPECT_NE(generated.front().logprobs, everywhere.front().logprobs);
}

TEST_F(SampleTree, GradientOfZ) {
  Caches caches;
  for (Caches* const base_reads : {static_cast<Caches*>(nullptr), &caches}) {
    const auto loss = [&] {
      return answer_logprobs(toy_.model->decoder(), prompts_, {mix(base_reads != nullptr), base_reads}).sum();
    };
    loss().backward();
    for (const char* name : {"z/model.layers.0.self_attn.k_proj", "z/model.layers.1.mlp.down_proj"}) {
      at::Tensor& p = trainable_->parameters().at(name);
      const double analytic = p.grad()[1].item<double>();
      const at::Tensor before = p.detach().clone();
      const auto moved = [&](double by) {
        at::Tensor next = before.clone();
        next[1] += by;
        p.set_data(next);
        return loss().item<double>();
      };
      EXPECT_NEAR(analytic, (moved(1e-2) - moved(-1e-2)) / 2e-2, 2e-3 + 0.02 * std::abs(analytic)) << name;
      p.set_data(before);
    }
    for (auto& [name, value] : trainable_->parameters()) value.mutable_grad() = at::Tensor();
  }
}

TEST_F(SampleTree, InputsThatShareAPassEqualEachAlone) {
  samples_[1].prompt.ids.resize(samples_[1].prompt.ids.size() - 7);  // the shorter row is padded
  const std::vector<std::vector<AnsweredPrompt>> inputs{{prompts_[0]}, {prompts_[1]}};
  const auto gradients = [&](const at::Tensor& logprobs) {
    at::linspace(1, 2, logprobs.size(0)).mul(logprobs).sum().backward();
    std::map<std::string, at::Tensor> out;
    for (auto& [name, value] : trainable_->parameters()) {
      out[name] = value.grad().clone();
      value.mutable_grad() = at::Tensor();
    }
    return out;
  };
  const at::Tensor together = answer_logprobs(toy_.model->decoder(), inputs, BatchPass{mix()});
  const at::Tensor singles = at::cat({answer_logprobs(toy_.model->decoder(), inputs[0], TreePass{mix()}),
                                      answer_logprobs(toy_.model->decoder(), inputs[1], TreePass{mix()})});
  EXPECT_LT(max_difference(together, singles), 1e-4);
  const auto of_together = gradients(together);
  for (const auto& [name, gradient] : gradients(singles)) {
    EXPECT_GT(gradient.abs().max().item<double>(), 0) << name;
    EXPECT_LT(max_difference(of_together.at(name), gradient), 1e-4 + 1e-4 * gradient.abs().max().item<double>()) << name;
  }
}

// Texts that begin alike, one of them with something shown behind the 20 tokens that both have.
TEST_F(SampleTree, AnOpeningThatIsReadOnceChangesNoNumberAndNoGradient) {
  TokenPrompt texts[2];
  for (std::int32_t i = 0; i < 30; ++i) {
    texts[0].ids.push_back(40 + i);
    texts[1].ids.push_back(i < 25 ? 40 + i : 70 + i);
  }
  texts[1].ids.resize(28);
  texts[0].embedded = {20, 21};
  const Decoder& decoder = toy_.model->decoder();
  const at::Tensor shown = at::randn({2, decoder.config().hidden_size}).mul(0.1).requires_grad_();
  texts[0].embeddings = shown;
  const std::vector<std::vector<AnsweredPrompt>> inputs{{{&texts[0], {{50, 51, 1}, {60}}}}, {{&texts[1], {{50, 70, 1}}}}};
  const auto computed = [&](bool fixed_decoder) {
    const at::Tensor logprobs = answer_logprobs(decoder, inputs, BatchPass{.fixed_decoder = fixed_decoder});
    shown.mutable_grad() = at::Tensor();
    at::linspace(1, 2, logprobs.size(0)).mul(logprobs).sum().backward();
    return std::pair(logprobs.detach(), shown.grad().clone());
  };
  const auto [plain, gradient] = computed(false);
  const auto [after_opening, same_gradient] = computed(true);
  EXPECT_LT(max_difference(plain, after_opening), 1e-5);
  EXPECT_LT(max_difference(gradient, same_gradient), 1e-5);
  EXPECT_GT(gradient.abs().max().item<double>(), 0);
}

// Prompts that are read in both directions, with windows (Gemma 2 as in PaliGemma 2).
class BidirectionalTree : public testing::Test {
 protected:
  BidirectionalTree() : loaded_(load_decoder_fixture("gemma2", at::kFloat, /*bidirectional_prompt=*/true)) {
    // A common beginning, which must not be shared.
    for (std::int32_t i = 0; i < 20; ++i)
      for (TokenPrompt& prompt : texts_) prompt.ids.push_back(3 + 5 * i);
    texts_[0].ids.insert(texts_[0].ids.end(), {40, 42});
    texts_[1].ids.insert(texts_[1].ids.end(), {41, 43, 42});
    for (TokenPrompt& prompt : texts_) prompts_.push_back({&prompt, {{50, 51, 52, 1}, {60}, {50, 70, 1}}});
  }

  const Decoder& decoder() const { return *loaded_.decoder; }

  // A mix that changes every matrix.
  std::shared_ptr<const ActiveMix> mix(bool answer_only) const {
    auto out = std::make_shared<ActiveMix>();
    for (const AdaptableMatrix& matrix : loaded_.matrices)
      out->slots.push_back(SlotChange{.form = LinearForm::Merged, .merged = matrix.weight * 1.2});
    out->answer_only = answer_only;
    out->content_hash = "scaled";
    return out;
  }

  at::Tensor alone(const TokenPrompt& prompt, const std::vector<std::int32_t>& answer,
                   const std::shared_ptr<const ActiveMix>& mix) const {
    const c10::InferenceMode inference;
    Context context(KvCache(decoder().kv_shape(), 1, 0), mix);
    const auto read = [&](const std::vector<std::int32_t>& ids) {
      return decoder().embed(at::tensor(at::ArrayRef<std::int32_t>(ids), at::kLong).unsqueeze(0));
    };
    at::Tensor hidden = decoder().forward_prompt(read(prompt.ids), {}, context, Decoder::Wanted::Last);
    if (answer.size() > 1) hidden = at::cat({hidden, decoder().forward(read({answer.begin(), answer.end() - 1}), {}, context)}, 1);
    const at::Tensor logprobs = decoder().logits(hidden[0]).log_softmax(-1);
    return logprobs.gather(1, at::tensor(at::ArrayRef<std::int32_t>(answer), at::kLong).unsqueeze(1)).squeeze(1);
  }

  LoadedDecoder loaded_;
  std::vector<TokenPrompt> texts_{2};
  std::vector<AnsweredPrompt> prompts_;
};

TEST_F(BidirectionalTree, EqualsEveryAnswerAlone) {
  for (const auto& active : {mix(/*answer_only=*/false), std::shared_ptr<const ActiveMix>()}) {
    std::vector<at::Tensor> expected;
    for (const AnsweredPrompt& prompt : prompts_)
      for (const auto& answer : prompt.answers) expected.push_back(alone(*prompt.prompt, answer, active));
    EXPECT_LT(max_difference(answer_logprobs(decoder(), prompts_, {active}), at::cat(expected)), 1e-4);
  }
}

TEST_F(BidirectionalTree, ABaseThatReadsThePromptGivesTheBaseWithoutAMix) {
  Caches caches;
  texts_[0].answer_from = 17;
  const at::Tensor direct = answer_logprobs(decoder(), prompts_, {});
  for (const char* when : {"read", "kept"})
    EXPECT_LT(max_difference(direct, answer_logprobs(decoder(), prompts_, {nullptr, &caches})), 1e-5) << when;
  EXPECT_EQ(caches.prefixes.size(), prompts_.size());
}

TEST_F(BidirectionalTree, ScopeAnswerIsWhatGenerationComputes) {
  for (TokenPrompt& prompt : texts_) prompt.answer_from = 19;
  Caches caches;
  const auto active = mix(/*answer_only=*/true);
  const auto generated = generate(decoder(), texts_, {.max_new_tokens = 6}, active, caches);
  std::vector<float> expected;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    prompts_[i].answers = {generated[i].ids};
    expected.insert(expected.end(), generated[i].logprobs.begin(), generated[i].logprobs.end());
  }
  const at::Tensor trained = answer_logprobs(decoder(), prompts_, {active, &caches});
  EXPECT_LT(max_difference(trained, at::tensor(at::ArrayRef<float>(expected))), 1e-4);
  const at::Tensor everywhere = answer_logprobs(decoder(), prompts_, {mix(/*answer_only=*/false)});
  EXPECT_GT(max_difference(trained, everywhere), 1e-2);
}

}  // namespace
}  // namespace zlens
