#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "experts/dispatcher.h"
#include "experts/prototype.h"
#include "io/error.h"
#include "text/score_answers.h"

namespace zlens {
namespace {

constexpr double kSmallestDeviation = 1e-3;
// How much farther than the average member, a dimension, a prompt may lie and still belong.
constexpr double kMargin = 1.5;

at::Tensor row(const Matrix& matrix, std::int64_t index) {
  return at::tensor(at::ArrayRef<float>(matrix.values.data() + index * matrix.columns, static_cast<std::size_t>(matrix.columns)));
}

class PrototypeDispatcher : public Dispatcher {
 public:
  PrototypeDispatcher(std::shared_ptr<const LanguageModel> model, ExpertSet experts)
      : model_(std::move(model)), experts_(std::move(experts)) {
    if (experts_.empty()) throw InputError("there is no expert to dispatch to");
    const std::int64_t width = model_->decoder().config().hidden_size;
    for (const auto& expert : experts_)
      if (expert->prototype.rows != 2 || expert->prototype.columns != width)
        throw InputError("expert '" + expert->name + "' carries no prototype of this model's width (" + std::to_string(width) +
                         "): dispatch by prompt, or train it with this version");
  }

  std::vector<Dispatch> choose(std::span<const DispatchRequest> requests, Caches& caches) const override {
    std::vector<TokenPrompt> prompts;
    for (const DispatchRequest& request : requests) prompts.push_back(request.prompt);
    prompts = model_->under_mix(prompts, nullptr, caches);
    std::vector<Dispatch> out;
    for (const ScoredAnswers& read : score_answers(model_->decoder(), prompts, Answers{}, nullptr, caches))
      out.push_back(nearest_to(read.hidden));
    return out;
  }

 private:
  Dispatch nearest_to(const at::Tensor& hidden) const {
    Dispatch out{.why = Json::object()};
    std::size_t best = 0;
    double nearest = std::numeric_limits<double>::infinity(), total = 0;
    std::vector<double> distances;
    for (std::size_t k = 0; k < experts_.size(); ++k) {
      distances.push_back(prototype_distance(experts_[k]->prototype, hidden));
      out.why[experts_[k]->name] = distances.back() - expected_distance(experts_[k]->prototype);
      if (distances.back() < nearest) {
        nearest = distances.back();
        best = k;
      }
    }
    for (const double distance : distances) total += std::exp(nearest - distance);
    out.confidence = 1 / total;
    if (nearest - expected_distance(experts_[best]->prototype) <= kMargin) out.mix = {{experts_[best], 1.0}};
    return out;
  }

  std::shared_ptr<const LanguageModel> model_;
  ExpertSet experts_;
};

}  // namespace

Matrix measure_prototype(const LanguageModel& model, const std::vector<const TokenPrompt*>& prompts, Caches& caches) {
  if (prompts.size() < 2) throw InputError("a prototype needs at least two prompts, got " + std::to_string(prompts.size()));
  std::vector<at::Tensor> hidden;
  for (const TokenPrompt* prompt : prompts) hidden.push_back(score_answers(model.decoder(), *prompt, {}, nullptr, caches).hidden);
  const at::Tensor all = at::stack(hidden);  // -> [N, D]
  const at::Tensor both = at::stack({all.mean(0), all.std(0).clamp_min(kSmallestDeviation)}).contiguous();
  return {2, both.size(1), {both.const_data_ptr<float>(), both.const_data_ptr<float>() + both.numel()}};
}

double prototype_distance(const Matrix& prototype, const at::Tensor& hidden) {
  const at::Tensor mean = row(prototype, 0), deviation = row(prototype, 1);
  return (((hidden - mean) / deviation).square() / 2 + deviation.log()).mean().item<double>() + std::log(2 * std::numbers::pi) / 2;
}

double expected_distance(const Matrix& prototype) {
  return row(prototype, 1).log().mean().item<double>() + std::log(2 * std::numbers::pi * std::numbers::e) / 2;
}

std::unique_ptr<Dispatcher> make_prototype_dispatcher(std::shared_ptr<const LanguageModel> model, ExpertSet experts) {
  return std::make_unique<PrototypeDispatcher>(std::move(model), std::move(experts));
}

}  // namespace zlens
