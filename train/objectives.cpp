#include "train/objectives.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experts/answer_ids.h"
#include "io/stopwatch.h"
#include "text/common_prefix.h"
#include "train/advantages.h"

namespace zlens {
namespace {

// Every step and every round of a step draws from streams of its own.
std::uint64_t stream_seed(std::uint64_t seed, std::int64_t step, std::uint64_t round) {
  return sampling_stream(seed, (static_cast<std::uint64_t>(step) << 8) + round)();
}

constexpr std::int64_t kProbeStep = -1;
constexpr std::size_t kProbePrompts = 40;
constexpr std::int64_t kPassTokens = 512;
constexpr double kWorthJoining = 0.2;  // of a text: below, attention over all texts at once costs what it saves (measured)

}  // namespace

Objectives::Objectives(const LanguageModel& model, Trainable& trainable, const TrainData& data, const TrainOptions& options)
    : model_(model), trainable_(trainable), data_(data), options_(options), base_prefixes_(options.reading_bytes) {}

std::shared_ptr<const ActiveMix> Objectives::frozen_mix(std::int64_t step) const {
  const c10::NoGradGuard no_grad;
  auto mix = trainable_.mix();
  mix->answer_only = options_.answer_only;
  mix->content_hash = "training step " + std::to_string(step);  // keys of caches that live no longer than the step
  return mix;
}

std::vector<std::vector<TrainingSample>> Objectives::draw_samples(const SampleStream& stream, SampleOrder& order) const {
  std::vector<std::vector<TrainingSample>> groups;
  std::int64_t left = options_.prompts;
  while (left > 0) {
    std::vector<std::size_t> indices = order.next();
    const auto most = static_cast<std::size_t>(std::min(left, options_.per_group));
    if (indices.size() > most) {
      // Which ones: another window at every visit.
      std::rotate(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(order.position() % indices.size()), indices.end());
      indices.resize(most);
    }
    groups.emplace_back();
    for (const std::size_t index : indices) groups.back().push_back(stream.at(index));
    left -= static_cast<std::int64_t>(indices.size());
  }
  return groups;
}

std::vector<Rollout> Objectives::draw_answers(std::vector<TrainingSample> samples, std::int64_t step, std::uint64_t round) {
  Caches fresh;
  RolloutOptions rollout{.answers = options_.samples, .max_new_tokens = options_.max_new_tokens};
  rollout.sampling = {.temperature = options_.temperature, .seed = stream_seed(options_.seed, step, round)};
  return roll_out(model_, std::move(samples), frozen_mix(step), *data_.reward, options_.answer_only ? base_prefixes_ : fresh,
                  rollout);
}

std::vector<Objectives::Weighted> Objectives::weighted(const Rollout& rollout) const {
  std::vector<double> rewards;
  for (const RolloutAnswer& answer : rollout.answers) rewards.push_back(answer.reward);
  const std::vector<double> pushes = advantages(rewards, parse_algorithm(options_.algorithm));
  std::map<std::vector<std::int32_t>, Weighted> merged;
  for (std::size_t i = 0; i < pushes.size(); ++i) {
    Weighted& entry = merged[rollout.answers[i].ids];
    entry.ids = rollout.answers[i].ids;
    entry.logprobs = rollout.answers[i].logprobs;
    entry.weight += pushes[i];
    ++entry.count;
  }
  std::vector<Weighted> out;
  for (auto& [ids, entry] : merged) out.push_back(std::move(entry));
  return out;
}

std::vector<std::int32_t> reference_ids(const LanguageModel& model, const TrainingSample& sample) {
  return sample.spelling.empty() ? answer_ids(model, sample.references.front()) : ended(model, sample.spelling);
}

// What the questions of a group read under a mix: their common input is encoded once.
std::vector<TokenPrompt> Objectives::prompts_under(const Group& group, const std::shared_ptr<const ActiveMix>& mix) {
  std::vector<TokenPrompt> out;
  for (const Question& question : group) {
    const TokenPrompt& prompt = question.sample.prompt;
    if (!out.empty() && prompt.embeddings_hash == group.front().sample.prompt.embeddings_hash &&
        prompt.row_order == out.front().row_order) {
      out.push_back(prompt);
      out.back().embeddings = out.front().embeddings;
      out.back().embeddings_hash = out.front().embeddings_hash;
    } else {
      out.push_back(model_.under_mix(prompt, mix, base_prefixes_));
    }
  }
  return out;
}

std::int64_t Objectives::Question::tokens() const {
  std::size_t out = sample.prompt.ids.size();
  for (const Weighted& answer : answers) out += answer.ids.size();
  return static_cast<std::int64_t>(out);
}

// Texts have a chat template's beginning in common, if nothing else: for short ones a good part of what is read.
std::vector<Objectives::Group> Objectives::joined(std::vector<Group> groups) const {
  if (options_.answer_only) return groups;
  std::vector<Group> out;
  std::int64_t tokens = kPassTokens;
  const auto alone = [](const Group& group) { return group.size() == 1 && group.front().sample.prompt.embedded.empty(); };
  std::stable_partition(groups.begin(), groups.end(), alone);
  for (Group& group : groups) {
    if (group.empty()) continue;
    const std::int64_t own = group.front().tokens();
    const std::int64_t shared =
        alone(group) && !out.empty() ? common_prefix(out.back().front().sample.prompt.ids, group.front().sample.prompt.ids) : 0;
    if (shared >= kWorthJoining * static_cast<double>(own) && shared > 0 && tokens + own - shared <= kPassTokens) {
      tokens += own - shared;
      out.back().push_back(std::move(group.front()));
    } else {
      out.push_back(std::move(group));
      tokens = own;
    }
  }
  return out;
}

// The groups that share a pass. Weights are brought and packed once for a pass, which short inputs alone do not pay for; ordered
// by their lengths, the rows of a pass have little that is padded.
std::vector<std::vector<const Objectives::Group*>> Objectives::passes(const std::vector<Group>& groups) const {
  const auto length = [](const Group* group) {
    const std::vector<std::int32_t>& first = group->front().sample.prompt.ids;
    auto tokens = static_cast<std::int64_t>(first.size());
    for (const Question& question : *group) tokens += question.tokens() - common_prefix(first, question.sample.prompt.ids);
    return tokens;
  };
  std::vector<const Group*> ordered;
  for (const Group& group : groups)
    if (!group.empty()) ordered.push_back(&group);
  std::stable_sort(ordered.begin(), ordered.end(), [&](const Group* a, const Group* b) { return length(a) < length(b); });
  std::vector<std::vector<const Group*>> out;
  for (const Group* group : ordered) {
    const bool fits = !out.empty() && (static_cast<std::int64_t>(out.back().size()) + 1) * length(group) <= kPassTokens;
    if (!fits || options_.answer_only) out.emplace_back();
    out.back().push_back(group);
  }
  return out;
}

Objectives::Tokens Objectives::tokens_of(std::span<const Group* const> groups) {
  Tokens out;
  for (const Group* group : groups) {
    out.prompts.emplace_back();
    for (const Question& question : *group) {
      out.prompts.back().push_back({&question.sample.prompt, {}});
      for (const Weighted& answer : question.answers) {
        out.prompts.back().back().answers.push_back(answer.ids);
        out.weights.insert(out.weights.end(), answer.ids.size(), static_cast<float>(answer.weight));
        out.counts.insert(out.counts.end(), answer.ids.size(), static_cast<float>(answer.count));
        out.drawn.insert(out.drawn.end(), answer.logprobs.begin(), answer.logprobs.end());
      }
    }
  }
  return out;
}

at::Tensor Objectives::logprobs(std::span<const Group* const> groups, std::vector<std::vector<AnsweredPrompt>> prompts) {
  auto mix = trainable_.mix();
  mix->answer_only = options_.answer_only;
  std::vector<std::vector<TokenPrompt>> under_mix;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    under_mix.push_back(prompts_under(*groups[g], mix));
    for (std::size_t i = 0; i < prompts[g].size(); ++i) prompts[g][i].prompt = &under_mix.back()[i];
  }
  return options_.answer_only ? answer_logprobs(model_.decoder(), prompts.front(), {mix, &base_prefixes_})
                              : answer_logprobs(model_.decoder(), prompts, BatchPass{mix});
}

at::Tensor Objectives::loss_of(std::span<const Group* const> groups, bool with_kl, double scale, StepReport& report) {
  const Tokens tokens = tokens_of(groups);
  const at::Tensor learnt = logprobs(groups, tokens.prompts);
  const auto on_device = [&](const std::vector<float>& values) {
    return at::tensor(at::ArrayRef<float>(values)).to(learnt.device());
  };
  at::Tensor loss = -(learnt * on_device(tokens.weights)).sum() / scale;
  if (tokens.drawn.size() == tokens.weights.size())
    report.drift += (learnt.detach() - on_device(tokens.drawn)).abs().sum().item<double>();
  if (with_kl && options_.kl > 0) {
    const at::Tensor ratio = base_logprobs(tokens.prompts) - learnt, k3 = ratio.exp() - ratio - 1;
    const at::Tensor counted = (k3 * on_device(tokens.counts)).sum();
    loss = loss + options_.kl * counted / scale;
    report.kl += counted.item<double>();
  }
  for (const auto& prompts : tokens.prompts)
    for (const AnsweredPrompt& prompt : prompts) report.answers += static_cast<std::int64_t>(prompt.answers.size());
  report.tokens += learnt.numel();
  return loss;
}

at::Tensor Objectives::base_logprobs(const std::vector<std::vector<AnsweredPrompt>>& inputs) {
  const c10::NoGradGuard no_grad;
  std::vector<at::Tensor> out;
  for (const auto& prompts : inputs) out.push_back(answer_logprobs(model_.decoder(), prompts, {nullptr, &base_prefixes_}));
  return at::cat(out);
}

void Objectives::backward(std::vector<Group> groups, bool with_kl, double scale, StepReport& report) {
  const Stopwatch start;
  double counted = 0;
  groups = joined(std::move(groups));
  for (const auto& together : passes(groups)) {
    const at::Tensor loss = loss_of(together, with_kl, scale, report);
    loss.backward();
    report.loss += loss.item<double>();
  }
  for (const Group& group : groups)
    for (const Question& question : group)
      for (const Weighted& answer : question.answers) counted += answer.count * static_cast<double>(answer.ids.size());
  if (report.tokens > 0) report.drift /= static_cast<double>(report.tokens);
  if (counted > 0) report.kl /= counted;
  report.gradient_s = start.seconds();
}

StepReport Objectives::reinforce(SampleOrder& order, std::int64_t step) {
  StepReport report;
  std::vector<Group> groups;
  std::int64_t kept = 0, answers = 0;
  Signal signal;
  const Stopwatch start;
  const bool all_teach = parse_algorithm(options_.algorithm) == Algorithm::Reinforce;
  for (std::int64_t round = 0; round < options_.tries && kept < options_.prompts; ++round) {
    std::vector<TrainingSample> samples;
    std::vector<std::size_t> group_of;
    for (auto& group : draw_samples(*data_.train, order)) {
      groups.emplace_back();
      for (TrainingSample& sample : group) {
        samples.push_back(std::move(sample));
        group_of.push_back(groups.size() - 1);
      }
    }
    auto rollouts = draw_answers(std::move(samples), step, static_cast<std::uint64_t>(round));
    for (std::size_t i = 0; i < rollouts.size(); ++i) {
      std::vector<double> rewards;
      for (const RolloutAnswer& answer : rollouts[i].answers) rewards.push_back(answer.reward);
      for (const double reward : rewards) report.reward += reward;
      answers += static_cast<std::int64_t>(rewards.size());
      signal.add(rewards);
      if ((!all_teach && !has_spread(rewards)) || kept >= options_.prompts) continue;
      ++kept;
      groups[group_of[i]].push_back({std::move(rollouts[i].sample), weighted(rollouts[i])});
    }
  }
  report.reward /= static_cast<double>(answers);
  report.signal = signal.fraction();
  report.rollout_s = start.seconds();
  // A constant, not the tokens at hand: long answers get no other weight than short ones.
  const double scale = static_cast<double>(std::max<std::int64_t>(1, kept) * options_.samples * options_.max_new_tokens) / 8;
  backward(std::move(groups), true, scale, report);
  return report;
}

StepReport Objectives::imitate_own_answers(SampleOrder& order, std::int64_t step) {
  StepReport report;
  std::vector<Group> groups;
  std::int64_t answers = 0;
  Signal signal;
  double tokens = 0;
  const Stopwatch start;
  const std::uint64_t position = order.position();
  auto learners = draw_samples(*data_.train, order);
  const std::uint64_t after = order.position();
  order.set_position(position);
  auto askers = data_.warm ? draw_samples(*data_.warm, order) : learners;
  order.set_position(after);
  std::vector<TrainingSample> samples;
  for (auto& group : askers)
    for (TrainingSample& sample : group) samples.push_back(std::move(sample));
  Caches fresh;
  RolloutOptions rollout{.answers = options_.samples, .max_new_tokens = options_.max_new_tokens};
  rollout.sampling = {.temperature = options_.temperature, .seed = stream_seed(options_.seed, step, 0)};
  // Under a prompt of its own the base answers; otherwise the model as it stands.
  const auto rollouts = data_.warm ? roll_out(model_, std::move(samples), nullptr, *data_.reward, fresh, rollout)
                                   : draw_answers(std::move(samples), step, 0);
  std::size_t next = 0;
  for (auto& group : learners) {
    groups.emplace_back();
    for (TrainingSample& sample : group) {
      const Rollout& drawn_here = rollouts[next++];
      std::map<std::vector<std::int32_t>, Weighted> correct;
      std::vector<double> rewards;
      for (const RolloutAnswer& answer : drawn_here.answers) {
        rewards.push_back(answer.reward);
        if (answer.reward >= options_.warm_threshold) correct[answer.ids] = {answer.ids, 1, 1, {}};
      }
      signal.add(rewards);
      for (const double reward : rewards) report.reward += reward;
      answers += static_cast<std::int64_t>(rewards.size());
      if (correct.empty()) continue;
      Question question{std::move(sample), {}};
      for (auto& [ids, answer] : correct) {
        answer.weight = 1 / static_cast<double>(correct.size());
        tokens += static_cast<double>(ids.size()) * answer.weight;
        question.answers.push_back(std::move(answer));
      }
      groups.back().push_back(std::move(question));
    }
  }
  report.reward /= static_cast<double>(answers);
  report.signal = signal.fraction();
  report.rollout_s = start.seconds();
  backward(std::move(groups), false, std::max(1.0, tokens), report);
  return report;
}

StepReport Objectives::imitate_references(SampleOrder& order) {
  StepReport report;
  std::vector<Group> groups;
  double tokens = 0;
  for (auto& group : draw_samples(*data_.train, order)) {
    groups.emplace_back();
    for (TrainingSample& sample : group) {
      if (sample.references.empty()) continue;
      std::vector<std::int32_t> ids = reference_ids(model_, sample);
      tokens += static_cast<double>(ids.size());
      groups.back().push_back({std::move(sample), {{std::move(ids), 1, 1, {}}}});
    }
  }
  backward(std::move(groups), false, std::max(1.0, tokens), report);
  return report;
}

double Objectives::probe_signal() {
  SampleOrder order(*data_.train, options_.seed);
  std::size_t drawn = 0;
  Signal signal;
  for (std::uint64_t round = 0; drawn < kProbePrompts && round < 64; ++round) {
    std::vector<TrainingSample> samples;
    for (auto& group : draw_samples(*data_.train, order))
      for (TrainingSample& sample : group) samples.push_back(std::move(sample));
    for (const Rollout& rollout : draw_answers(std::move(samples), kProbeStep, round)) {
      std::vector<double> rewards;
      for (const RolloutAnswer& answer : rollout.answers) rewards.push_back(answer.reward);
      ++drawn;
      signal.add(rewards);
    }
  }
  return signal.fraction();
}

}  // namespace zlens
