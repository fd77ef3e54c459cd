// What one training step learns from: answers of its own and their rewards, or references.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "train/rollout.h"
#include "train/sample_order.h"
#include "train/sample_tree.h"
#include "train/trainer.h"

namespace zlens {

struct StepReport {
  double reward = 0;  // mean over all answers drawn (sft: 0)
  double loss = 0;
  double kl = 0;      // to the base, for each token
  double signal = 0;  // fraction of the prompts drawn that carry signal (train/advantages.h)
  double drift = 0;   // mean |log-probability while drawing - while training| of the tokens: 0 where both compute alike
  std::int64_t answers = 0, tokens = 0;  // that gradients came from
  double rollout_s = 0, gradient_s = 0;
};

// The first reference as the model would spell it, or as the sample says, with the token that ends an answer.
std::vector<std::int32_t> reference_ids(const LanguageModel& model, const TrainingSample& sample);

// Each member that learns leaves its gradients in the trainable's parameters. Not thread-safe.
class Objectives {
 public:
  Objectives(const LanguageModel& model, Trainable& trainable, const TrainData& data, const TrainOptions& options);

  // Policy gradient on answers drawn now; draws again (up to options.tries times) while too few prompts have spread.
  StepReport reinforce(SampleOrder& order, std::int64_t step);
  // Likelihood of the model's own answers that are correct (rejection sampling).
  StepReport imitate_own_answers(SampleOrder& order, std::int64_t step);
  // Likelihood of the first references.
  StepReport imitate_references(SampleOrder& order);

  // The fraction of the first prompts whose answers, drawn now, carry signal.
  double probe_signal();

  // The mix as it stands, without gradients.
  std::shared_ptr<const ActiveMix> frozen_mix(std::int64_t step) const;

 private:
  // An answer whose log-probability is pushed by `weight`; equal answers are one.
  struct Weighted {
    std::vector<std::int32_t> ids;
    double weight = 0, count = 0;
    std::vector<float> logprobs;  // as drawn; empty for references
  };
  struct Question {
    TrainingSample sample;
    std::vector<Weighted> answers;

    std::int64_t tokens() const;  // of prompt and answers
  };
  using Group = std::vector<Question>;  // about one input
  // What is scored in a pass, and of every token of the answers its weight, its count and, where all were drawn, how likely it was.
  struct Tokens {
    std::vector<std::vector<AnsweredPrompt>> prompts;  // of every group, as sampled
    std::vector<float> weights, counts, drawn;
  };

  std::vector<std::vector<TrainingSample>> draw_samples(const SampleStream& stream, SampleOrder& order) const;
  std::vector<Rollout> draw_answers(std::vector<TrainingSample> samples, std::int64_t step, std::uint64_t round);
  std::vector<Weighted> weighted(const Rollout& rollout) const;
  // Gradients of -sum(weight ∘ log-probability) / scale + kl. `scale` is for all groups of the step together.
  void backward(std::vector<Group> groups, bool with_kl, double scale, StepReport& report);
  // Groups of one text each become groups that share what their prompts begin with, a pass each.
  std::vector<Group> joined(std::vector<Group> groups) const;
  std::vector<std::vector<const Group*>> passes(const std::vector<Group>& groups) const;
  std::vector<TokenPrompt> prompts_under(const Group& group, const std::shared_ptr<const ActiveMix>& mix);
  static Tokens tokens_of(std::span<const Group* const> groups);
  // Of the answers' tokens under the mix as it stands, `prompts` being those of tokens_of.
  at::Tensor logprobs(std::span<const Group* const> groups, std::vector<std::vector<AnsweredPrompt>> prompts);
  at::Tensor loss_of(std::span<const Group* const> groups, bool with_kl, double scale, StepReport& report);
  at::Tensor base_logprobs(const std::vector<std::vector<AnsweredPrompt>>& inputs);

  const LanguageModel& model_;
  Trainable& trainable_;
  const TrainData& data_;
  const TrainOptions& options_;
  Caches base_prefixes_;  // what the base read: for scope `answer`, and for the distance to the base
};

}  // namespace zlens
