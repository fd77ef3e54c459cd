#include "train/pretrain.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <optional>
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

// A head's tensors among the masters.
std::string weight_name(const LabelHead& head) {
  return head.name + "_head.weight";
}
std::string bias_name(const LabelHead& head) {
  return head.name + "_head.bias";
}

constexpr const char *kClassCodes = "label_codes", *kPlaceCodes = "label_places";  // among the masters

// What LiveWeights calls trained.
std::optional<std::vector<std::string>> trained_of(const PretrainOptions& options) {
  if (options.learn_codes) return std::vector<std::string>();
  return options.trained.empty() ? std::nullopt : std::optional(options.trained);
}

void check(const PretrainOptions& options) {
  require_at_least("steps", options.steps, 1);
  require_at_least("inputs", options.inputs, 1);
  require_at_least("together", options.together, 1);
  require_at_least("threads", options.threads, 1);
  require_at_least("log-every", options.log_every, 1);
  require_at_least("checkpoint-every", options.checkpoint_every, 1);
  if (!(options.rate.peak > 0 && options.rate.peak <= 1)) throw InputError("--lr must be above 0 and at most 1");
  if (options.learn_codes && (options.heads.empty() || !options.heads.front().codes.defined() || options.answer_weight <= 0))
    throw InputError(
        "codes are learnt from answers, and start from others (see --label-embeddings, --label-codes, --answer-weight)");
}

// What all losses of a step are divided by.
struct Totals {
  double tokens = 0;
  std::vector<double> labels;  // of every head
};

struct Part {
  std::vector<at::Tensor> gradients;  // one for each master, in their order; undefined: none
  double answer_loss = 0;
  std::vector<double> label_losses;  // of every head
};

// Encodes the inputs of all samples together and puts the rows into their prompts. -> for every sample [n, D]; undefined: a text
std::vector<at::Tensor> encode_inputs(const LanguageModel& model, std::span<PretrainSample> samples) {
  std::vector<const Prepared*> inputs;
  for (const PretrainSample& sample : samples)
    for (const EmbeddedInput& input : sample.questions.front().prompt.inputs) inputs.push_back(input.prepared.get());
  std::vector<at::Tensor> out(samples.size());
  if (inputs.empty()) return out;
  Context context{KvCache()};
  const at::Tensor rows = model.own_modality()->encode_all(inputs, context);
  std::int64_t from = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto count = static_cast<std::int64_t>(samples[i].questions.front().prompt.embedded.size());
    if (count == 0) continue;
    out[i] = rows.slice(0, from, from + count);
    for (TrainingSample& question : samples[i].questions) question.prompt.embeddings = out[i];
    from += count;
  }
  return out;
}

const std::vector<std::int64_t>& labels_of(const PretrainSample& sample, std::size_t head) {
  static const std::vector<std::int64_t> unknown;
  return head < sample.labels.size() ? sample.labels[head] : unknown;
}

class Pretraining {
 public:
  Pretraining(std::shared_ptr<const LanguageModel> model, const Parameters& made, const PretrainData& data,
              const PretrainOptions& options, const TrainRun& run)
      : data_(data),
        options_(options),
        run_(run),
        width_(model->decoder().config().hidden_size),
        decoder_name_(model->decoder_name()),
        live_(std::move(model), made, trained_of(options)),
        optimizer_(with_heads(), options.optimizer),
        folder_(with_start(run), state_, live_.masters(), optimizer_) {
    sums_.label_losses.resize(options.heads.size());
  }

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
  // The masters with those of the heads among them.
  Parameters& with_heads() {
    Parameters& masters = live_.masters();
    if (options_.learn_codes) {
      const LabelCodes& start = options_.heads.front().codes;
      const auto places = static_cast<std::int64_t>(labels_of(data_.train->at(0), 0).size());
      masters[kClassCodes] = start.classes.clone();
      masters[kPlaceCodes] = start.places.defined() ? start.places.clone() : at::zeros({places, width_});
      return masters;
    }
    for (const LabelHead& head : options_.heads) {
      if (head.codes.defined() || head.weight == 0) continue;
      masters[weight_name(head)] = initial_weight(weight_name(head), {head.classes, width_}, options_.seed);
      masters[bias_name(head)] = initial_weight(bias_name(head), {head.classes}, options_.seed);
    }
    if (!anything_learns())
      throw InputError(
          "no loss can reach a weight that is trained: texts have no labels and show nothing to a tower, and labels do not reach a "
          "decoder (see --answer-weight, --label-weight, --text-share, --trained)");
    return masters;
  }

  bool of_decoder(const std::string& name) const { return name.starts_with(decoder_name_ + ".") || name.starts_with("lm_head."); }

  // Answers reach the decoder, and what shows it a picture; labels the latter and their own heads.
  bool anything_learns() const {
    bool decoder = false, others = false, labels = false;
    for (const auto& [name, master] : live_.masters()) (of_decoder(name) ? decoder : others) = true;
    for (const LabelHead& head : options_.heads) labels |= head.weight > 0;
    others &= data_.pictures;
    return options_.answer_weight > 0 ? decoder || others : labels && others;
  }

  // A run is another one where it starts from other weights.
  TrainRun with_start(TrainRun run) const {
    run.identity["start_sha256"] = digest_of(live_.masters());
    for (const LabelHead& head : options_.heads)
      if (head.codes.defined()) run.identity[head.name + "_codes_sha256"] = digest_of(head.codes);
    return run;
  }

  PretrainResult result(bool interrupted) const {
    PretrainResult out{state_.step, state_.best_score, interrupted, live_.masters(), {}};
    if (options_.learn_codes) {
      out.codes = {out.weights.at(kClassCodes), out.weights.at(kPlaceCodes)};
      out.weights.clear();
      return out;
    }
    for (const LabelHead& head : options_.heads) {
      out.weights.erase(weight_name(head));
      out.weights.erase(bias_name(head));
    }
    return out;
  }

  Totals totals_of(std::span<const PretrainSample> samples, const LanguageModel& model) const {
    Totals out;
    out.labels.resize(options_.heads.size());
    for (const PretrainSample& sample : samples) {
      for (const TrainingSample& question : sample.questions)
        out.tokens += static_cast<double>(reference_ids(model, question).size());
      for (std::size_t head = 0; head < out.labels.size(); ++head)
        for (const std::int64_t label : labels_of(sample, head))
          out.labels[head] += label == 0 ? options_.heads[head].blank_weight : 1;
    }
    return out;
  }

  // Summed over the embeddings of the samples that have labels; undefined: none has.
  at::Tensor label_loss(const LiveWeights::Made& made, const std::vector<at::Tensor>& rows, std::span<const PretrainSample> samples,
                        std::size_t index) const {
    const LabelHead& head = options_.heads[index];
    if (head.weight == 0 || options_.learn_codes) return {};
    std::vector<at::Tensor> labelled;
    std::vector<std::int64_t> labels;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const std::vector<std::int64_t>& own = labels_of(samples[i], index);
      if (own.empty() || !rows[i].defined()) continue;
      labelled.push_back(rows[i]);
      labels.insert(labels.end(), own.begin(), own.end());
    }
    if (labels.empty()) return {};
    const at::Tensor classes = at::tensor(labels, at::kLong), shown = at::cat(labelled);
    const at::Tensor weights = at::where(classes.eq(0), head.blank_weight, 1.0).to(at::kFloat);
    return ((head.codes.defined() ? apart(head.codes, shown, labels) : unnamed(made, head, shown, classes)) * weights).sum();
  }

  // -log of the probability that the head gives to the right class.
  static at::Tensor unnamed(const LiveWeights::Made& made, const LabelHead& head, const at::Tensor& rows,
                            const at::Tensor& targets) {
    const at::Tensor logits = at::linear(rows, made.leaves.at(weight_name(head)), made.leaves.at(bias_name(head))).to(at::kFloat);
    return -at::log_softmax(logits, -1).gather(1, targets.unsqueeze(1)).squeeze(1);
  }

  // The squared distance to the code of what is shown, over the mean square of the classes' codes.
  static at::Tensor apart(const LabelCodes& codes, const at::Tensor& rows, const std::vector<std::int64_t>& labels) {
    return (rows.to(at::kFloat) - codes.shown(labels)).square().mean(-1) / codes.classes.square().mean();
  }

  bool decoder_learns() const {
    return std::any_of(live_.masters().begin(), live_.masters().end(), [&](const auto& entry) { return of_decoder(entry.first); });
  }

  at::Tensor answer_loss(const LanguageModel& model, std::span<const PretrainSample> samples) const {
    std::vector<std::vector<AnsweredPrompt>> inputs;
    for (const PretrainSample& sample : samples) {
      inputs.emplace_back();
      for (const TrainingSample& question : sample.questions)
        inputs.back().push_back({&question.prompt, {reference_ids(model, question)}});
    }
    return -answer_logprobs(model.decoder(), inputs, BatchPass{.fixed_decoder = !decoder_learns()}).sum();
  }

  // What a tower that saw everything would give. Summed in float32: a code is part of hundreds of rows.
  std::vector<at::Tensor> encode_labels(const LiveWeights::Made& made, std::span<PretrainSample> samples) const {
    const LabelCodes codes{made.leaves.at(kClassCodes).to(at::kFloat), made.leaves.at(kPlaceCodes).to(at::kFloat)};
    std::vector<at::Tensor> out(samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (const auto& labels = labels_of(samples[i], 0); !labels.empty()) out[i] = codes.shown(labels);
      for (TrainingSample& question : samples[i].questions) question.prompt.embeddings = out[i];
    }
    return out;
  }

  std::vector<at::Tensor> encode(const LiveWeights::Made& made, std::span<PretrainSample> samples) const {
    return options_.learn_codes ? encode_labels(made, samples) : encode_inputs(*made.model, samples);
  }

  Part part_of(const LiveWeights::Made& made, std::span<PretrainSample> samples, const Totals& totals) const {
    const std::vector<at::Tensor> rows = encode(made, samples);
    Part out;
    out.label_losses.resize(options_.heads.size());
    at::Tensor loss = at::zeros({});
    if (options_.answer_weight > 0) {
      const at::Tensor answers = answer_loss(*made.model, samples) / totals.tokens;
      out.answer_loss = answers.item<double>();
      loss = loss + options_.answer_weight * answers;
    }
    for (std::size_t head = 0; head < options_.heads.size(); ++head) {
      const at::Tensor sum = label_loss(made, rows, samples, head);
      if (!sum.defined()) continue;
      const at::Tensor labels = sum / totals.labels[head];
      out.label_losses[head] = labels.item<double>();
      loss = loss + options_.heads[head].weight * labels;
    }
    std::vector<at::Tensor> leaves;
    for (const auto& [name, leaf] : made.leaves) leaves.push_back(leaf);
    out.gradients.resize(leaves.size());
    if (!loss.requires_grad()) return out;  // say texts, where a tower is trained
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
      for (std::size_t head = 0; head < part.label_losses.size(); ++head) sums_.label_losses[head] += part.label_losses[head];
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
    Json line{{"kind", "step"},
              {"step", state_.step},
              {"phase", "pretrain"},
              {"loss", sums_.answer_loss / n},
              {"lr", sums_.rate},
              {"grad_norm", sums_.grad_norm / n},
              {"drawing_s", sums_.drawing_s},
              {"step_s", sums_.step_s}};
    for (std::size_t head = 0; head < options_.heads.size(); ++head)
      if (options_.heads[head].weight > 0) line[options_.heads[head].name + "_loss"] = sums_.label_losses[head] / n;
    folder_.log(line);
    sums_ = {.label_losses = std::vector<double>(options_.heads.size())};
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
      encode(made, part);
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
    double steps = 0, answer_loss = 0, grad_norm = 0, rate = 0, step_s = 0, drawing_s = 0;
    std::vector<double> label_losses;  // of every head
  };

  const PretrainData& data_;
  const PretrainOptions& options_;
  const TrainRun& run_;
  const std::int64_t width_;  // of an embedding
  const std::string decoder_name_;
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
