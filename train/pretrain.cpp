#include "train/pretrain.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <span>

#include "io/error.h"
#include "io/stopwatch.h"
#include "train/in_parallel.h"
#include "train/initial_weights.h"
#include "train/live_weights.h"
#include "train/objectives.h"
#include "train/option_range.h"
#include "train/rollout.h"
#include "train/sample_tree.h"
#include "train/validation.h"

namespace zlens {
namespace {

// The auxiliary head's tensors among the masters.
constexpr const char *kHeadWeight = "label_head.weight", *kHeadBias = "label_head.bias";

void check(const PretrainOptions& options) {
  require_at_least("steps", options.steps, 1);
  require_at_least("inputs", options.inputs, 1);
  require_at_least("together", options.together, 1);
  require_at_least("threads", options.threads, 1);
  require_at_least("log-every", options.log_every, 1);
  require_at_least("checkpoint-every", options.checkpoint_every, 1);
  if (!(options.rate.peak > 0 && options.rate.peak <= 1)) throw InputError("--lr must be above 0 and at most 1");
}

// What all losses of a step are divided by.
struct Totals {
  double tokens = 0, labels = 0;
};

struct Part {
  std::vector<at::Tensor> gradients;  // in the order of the masters; undefined: none
  double answer_loss = 0, label_loss = 0;
};

// Encodes the inputs of all samples together and puts the rows into their prompts. -> [N, D] of the inputs that have labels
at::Tensor encode_inputs(const LanguageModel& model, std::span<PretrainSample> samples) {
  std::vector<const Prepared*> inputs;
  for (const PretrainSample& sample : samples)
    for (const EmbeddedInput& input : sample.questions.front().prompt.inputs) inputs.push_back(input.prepared.get());
  if (inputs.empty()) return {};
  Context context{KvCache()};
  const at::Tensor rows = model.own_modality()->encode_all(inputs, context);
  std::vector<at::Tensor> labelled;
  std::int64_t from = 0;
  for (PretrainSample& sample : samples) {
    const auto count = static_cast<std::int64_t>(sample.questions.front().prompt.embedded.size());
    if (count == 0) continue;
    const at::Tensor own = rows.slice(0, from, from + count);
    for (TrainingSample& question : sample.questions) question.prompt.embeddings = own;
    if (!sample.labels.empty()) labelled.push_back(own);
    from += count;
  }
  return labelled.empty() ? at::Tensor() : at::cat(labelled);
}

class Pretraining {
 public:
  Pretraining(std::shared_ptr<const LanguageModel> model, const Parameters& made, const PretrainData& data,
              const PretrainOptions& options, const TrainRun& run)
      : data_(data),
        options_(options),
        run_(run),
        width_(model->decoder().config().hidden_size),
        live_(std::move(model), made, options.trained),
        optimizer_(with_head(), options.optimizer),
        folder_(with_start(run), state_, live_.masters(), optimizer_) {}

  PretrainResult go() {
    while (state_.step < options_.steps) {
      one_step();
      const bool last = state_.step == options_.steps;
      if (last || (options_.validate_every > 0 && state_.step % options_.validate_every == 0)) validate();
      const bool stopped = !last && run_.hooks.stop && run_.hooks.stop();
      if (last || stopped || state_.step % options_.checkpoint_every == 0) folder_.save();
      if (run_.hooks.step) run_.hooks.step(state_.step, options_.steps);
      if (stopped) return result(true);
    }
    return result(false);
  }

 private:
  // The masters with those of the auxiliary head among them.
  Parameters& with_head() {
    Parameters& masters = live_.masters();
    if (options_.label_count > 0 && options_.label_tokens.empty()) {
      masters[kHeadWeight] = initial_weight(kHeadWeight, {options_.label_count, width_}, options_.seed);
      masters[kHeadBias] = initial_weight(kHeadBias, {options_.label_count}, options_.seed);
    }
    return masters;
  }

  // A run is another one where it starts from other weights.
  TrainRun with_start(TrainRun run) const {
    run.identity["start_sha256"] = digest_of(live_.masters());
    return run;
  }

  PretrainResult result(bool interrupted) const {
    PretrainResult out{state_.step, state_.best_score, interrupted, live_.masters()};
    out.weights.erase(kHeadWeight);
    out.weights.erase(kHeadBias);
    return out;
  }

  double weight_of(std::int64_t label) const { return label == 0 ? options_.blank_weight : 1; }

  Totals totals_of(std::span<const PretrainSample> samples, const LanguageModel& model) const {
    Totals out;
    for (const PretrainSample& sample : samples) {
      for (const TrainingSample& question : sample.questions)
        out.tokens += static_cast<double>(reference_ids(model, question).size());
      for (const std::int64_t label : sample.labels) out.labels += weight_of(label);
    }
    return out;
  }

  at::Tensor label_loss(const LiveWeights::Made& made, const at::Tensor& rows, std::span<const PretrainSample> samples) const {
    std::vector<std::int64_t> labels;
    for (const PretrainSample& sample : samples) labels.insert(labels.end(), sample.labels.begin(), sample.labels.end());
    const at::Tensor targets = at::tensor(labels, at::kLong);
    const at::Tensor weights = at::where(targets.eq(0), options_.blank_weight, 1.0).to(at::kFloat);
    return ((options_.label_tokens.empty() ? unnamed(made, rows, targets) : apart(made, rows, targets)) * weights).sum();
  }

  // -log of the probability that the head gives to the right class.
  static at::Tensor unnamed(const LiveWeights::Made& made, const at::Tensor& rows, const at::Tensor& targets) {
    const at::Tensor logits = at::linear(rows, made.leaves.at(kHeadWeight), made.leaves.at(kHeadBias)).to(at::kFloat);
    return -at::log_softmax(logits, -1).gather(1, targets.unsqueeze(1)).squeeze(1);
  }

  // The squared distance to the embedding of what spells the class, over the mean square of all such embeddings.
  at::Tensor apart(const LiveWeights::Made& made, const at::Tensor& rows, const at::Tensor& targets) const {
    const at::Tensor ids = at::tensor(at::ArrayRef<std::int32_t>(options_.label_tokens), at::kLong);
    const at::Tensor spelt = made.model->decoder().embed(ids).detach().to(at::kFloat);  // -> [C, D]
    const at::Tensor off = rows.to(at::kFloat) - spelt.index_select(0, targets);
    return off.square().mean(-1) / spelt.square().mean();
  }

  static at::Tensor answer_loss(const LanguageModel& model, std::span<const PretrainSample> samples) {
    std::vector<std::vector<AnsweredPrompt>> inputs;
    for (const PretrainSample& sample : samples) {
      inputs.emplace_back();
      for (const TrainingSample& question : sample.questions)
        inputs.back().push_back({&question.prompt, {reference_ids(model, question)}});
    }
    return -answer_logprobs(model.decoder(), inputs).sum();
  }

  Part part_of(const LiveWeights::Made& made, std::span<PretrainSample> samples, const Totals& totals) const {
    const at::Tensor rows = encode_inputs(*made.model, samples);
    Part out;
    at::Tensor loss = at::zeros({});
    if (options_.answer_weight > 0) {
      const at::Tensor answers = answer_loss(*made.model, samples) / totals.tokens;
      out.answer_loss = answers.item<double>();
      loss = loss + options_.answer_weight * answers;
    }
    if (options_.label_count > 0 && rows.defined()) {
      const at::Tensor labels = label_loss(made, rows, samples) / totals.labels;
      out.label_loss = labels.item<double>();
      loss = loss + options_.label_weight * labels;
    }
    std::vector<at::Tensor> leaves;
    for (const auto& [name, leaf] : made.leaves) leaves.push_back(leaf);
    if (!loss.requires_grad()) throw InputError("nothing is trained: texts have no labels, and --answer-weight is 0");
    out.gradients = torch::autograd::grad({loss}, leaves, /*grad_outputs=*/{}, /*retain_graph=*/std::nullopt,
                                          /*create_graph=*/false, /*allow_unused=*/true);
    return out;
  }

  void one_step() {
    const Stopwatch start;
    const LiveWeights::Made made = live_.make(true);
    std::vector<PretrainSample> samples(static_cast<std::size_t>(options_.inputs));
    in_parallel(samples.size(), options_.threads, [&](std::size_t i) { samples[i] = data_.train->at(state_.position + i); });
    const double drawn_s = start.seconds();
    const Totals totals = totals_of(samples, *made.model);
    const auto together = static_cast<std::size_t>(options_.together);
    std::vector<Part> parts((samples.size() + together - 1) / together);
    in_parallel(parts.size(), options_.threads, [&](std::size_t i) {
      const std::size_t first = i * together;
      parts[i] = part_of(made, std::span(samples).subspan(first, std::min(together, samples.size() - first)), totals);
    });
    update(parts);
    state_.position += samples.size();
    log_step({start.seconds(), drawn_s});
  }

  // One after the other: equal parts give equal sums, whoever computed them.
  void update(std::vector<Part>& parts) {
    std::size_t index = 0;
    for (auto& [name, master] : live_.masters()) {
      at::Tensor sum = at::zeros_like(master);
      for (const Part& part : parts)
        if (part.gradients[index].defined()) sum.add_(part.gradients[index]);
      master.mutable_grad() = sum;
      ++index;
    }
    for (const Part& part : parts) {
      sums_.answer_loss += part.answer_loss;
      sums_.label_loss += part.label_loss;
    }
    sums_.rate = options_.rate.at(state_.step);
    sums_.grad_norm += optimizer_.step(sums_.rate);
    ++state_.step;
    ++sums_.steps;
  }

  struct StepSeconds {
    double all = 0, drawing = 0;
  };
  void log_step(const StepSeconds& seconds) {
    sums_.step_s += seconds.all;
    sums_.drawing_s += seconds.drawing;
    if (state_.step % options_.log_every != 0 && state_.step != options_.steps) return;
    const double n = sums_.steps;
    folder_.log({{"kind", "step"},
                 {"step", state_.step},
                 {"phase", "pretrain"},
                 {"loss", sums_.answer_loss / n},
                 {"label_loss", sums_.label_loss / n},
                 {"lr", sums_.rate},
                 {"grad_norm", sums_.grad_norm / n},
                 {"drawing_s", sums_.drawing_s},
                 {"step_s", sums_.step_s}});
    sums_ = {};
  }

  void validate() {
    const Stopwatch start;
    const ValidationScore scores = scores_now();
    state_.best_score = scores.score;
    state_.best_step = state_.step;
    folder_.log({{"kind", "validation"},
                 {"step", state_.step},
                 {"score", scores.score},
                 {"by_field", scores.by_field},
                 {"validation_s", start.seconds()}});
  }

  ValidationScore scores_now() const {
    const c10::NoGradGuard no_grad;
    const LiveWeights::Made made = live_.make(false);
    std::vector<PretrainSample> samples = data_.validation;
    constexpr std::size_t kTogether = 16;
    std::vector<std::vector<Rollout>> answered((samples.size() + kTogether - 1) / kTogether);
    in_parallel(answered.size(), options_.threads, [&](std::size_t i) {
      const c10::NoGradGuard also_here;
      const std::span part = std::span(samples).subspan(i * kTogether, std::min(kTogether, samples.size() - i * kTogether));
      encode_inputs(*made.model, part);
      std::vector<TrainingSample> questions;
      for (const PretrainSample& sample : part) questions.insert(questions.end(), sample.questions.begin(), sample.questions.end());
      Caches caches;
      answered[i] = roll_out(*made.model, std::move(questions), nullptr, *data_.reward, caches,
                             {.answers = 1, .max_new_tokens = options_.max_new_tokens});
    });
    MeanReward mean;
    for (const auto& rollouts : answered)
      for (const Rollout& one : rollouts) mean.add(one);
    return mean.score();
  }

  // Of the steps since the last line of the log.
  struct Sums {
    double steps = 0, answer_loss = 0, label_loss = 0, grad_norm = 0, rate = 0, step_s = 0, drawing_s = 0;
  };

  const PretrainData& data_;
  const PretrainOptions& options_;
  const TrainRun& run_;
  const std::int64_t width_;  // of an embedding
  LiveWeights live_;
  AdamW optimizer_;
  TrainState state_;
  TrainingFolder folder_;
  Sums sums_;
};

}  // namespace

PretrainResult pretrain(std::shared_ptr<const LanguageModel> model, const Parameters& made, const PretrainData& data,
                        const PretrainOptions& options, const TrainRun& run) {
  check(options);
  at::set_num_threads(1);
  return Pretraining(std::move(model), made, data, options, run).go();
}

}  // namespace zlens
