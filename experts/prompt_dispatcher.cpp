#include <algorithm>
#include <cmath>
#include <numeric>

#include "experts/answer_ids.h"
#include "experts/dispatcher.h"
#include "io/error.h"
#include "text/picture_prompt.h"
#include "text/score_answers.h"

namespace zlens {
namespace {

// Whole characters only.
std::string head(const std::string& text, std::size_t most) {
  if (most == 0 || text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

// The experts' names and, for a classifier or beside a single expert, what no expert is for.
std::vector<std::string> categories_of(const ExpertSet& experts, bool describe) {
  std::vector<std::string> out;
  for (const auto& expert : experts) out.push_back(expert->name);
  const bool others = !describe || experts.size() == 1;
  if (others && std::find(out.begin(), out.end(), kOthers) == out.end()) out.emplace_back(kOthers);
  return out;
}

std::string dispatch_question(const ExpertSet& experts, const std::string& question, bool describe) {
  std::vector<std::string> shown = categories_of(experts, describe);
  for (std::size_t k = 0; describe && k < experts.size(); ++k)
    if (!experts[k]->description.empty()) shown[k] += " (" + experts[k]->description + ")";
  std::string out = "Question: " + question + (describe ? "\nWhich category fits the text and the question best:" : "\nCategory:");
  for (std::size_t k = 0; k < shown.size(); ++k) out += (k ? ", " : " ") + shown[k];
  return out + (describe ? "? Answer with its name." : "?");
}

bool any_begins_another(const std::vector<std::vector<std::int32_t>>& labels) {
  for (const auto& a : labels)
    for (const auto& b : labels)
      if (&a != &b && a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin())) return true;
  return false;
}

std::vector<PreparedInput> seen_by(const LanguageModel& model, const std::vector<PreparedInput>& inputs) {
  std::vector<PreparedInput> out;
  for (const PreparedInput& input : inputs)
    if (model.modalities().at(input.modality).get() == model.own_modality()) out.push_back(input);
  return out;
}

class PromptDispatcher : public Dispatcher {
 public:
  PromptDispatcher(std::shared_ptr<const LanguageModel> model, ExpertSet experts, std::shared_ptr<const ActiveMix> classifier,
                   const PromptDispatchOptions& options)
      : model_(std::move(model)), experts_(std::move(experts)), classifier_(std::move(classifier)), options_(options) {
    if (experts_.empty()) throw InputError("there is no expert to dispatch to");
    options_.describe = !classifier_;
    categories_ = categories_of(experts_, options_.describe);
    for (const std::string& category : categories_) labels_.push_back(model_->tokenizer().encode(category, false));
    if (classifier_ && any_begins_another(labels_))
      for (std::size_t k = 0; k < labels_.size(); ++k) labels_[k] = answer_ids(*model_, categories_[k]);
    prior_.assign(labels_.size(), 0);
    if (classifier_) return;
    Caches caches;
    const DispatchRequest nothing{.question = "N/A", .context = "N/A"};
    prior_ = scores(std::span(&nothing, 1), caches).front();
  }

  std::vector<Dispatch> choose(std::span<const DispatchRequest> requests, Caches& caches) const override {
    std::vector<Dispatch> out;
    for (const std::vector<double>& one : scores(requests, caches)) out.push_back(chosen_by(one));
    return out;
  }

 private:
  Dispatch chosen_by(std::vector<double> relative) const {
    for (std::size_t k = 0; k < relative.size(); ++k) relative[k] -= prior_[k];
    const double highest = *std::max_element(relative.begin(), relative.end());
    double total = 0;
    for (double& score : relative) total += score = std::exp(score - highest);
    const auto ours = relative.begin() + static_cast<std::ptrdiff_t>(experts_.size());
    const auto best = std::max_element(relative.begin(), ours);
    Dispatch out{.confidence = *best / total, .why = Json::object()};
    for (std::size_t k = 0; k < categories_.size(); ++k) out.why[categories_[k]] = relative[k] / total;
    const bool foreign = std::any_of(ours, relative.end(), [&](double other) { return other > *best; });
    if (!foreign && out.confidence >= threshold()) out.mix = {{experts_[static_cast<std::size_t>(best - relative.begin())], 1.0}};
    return out;
  }

  double threshold() const {
    if (classifier_) return options_.abstain_below;
    return std::min(1.0, options_.abstain_below * (3.0 / static_cast<double>(categories_.size())));
  }

  // Log-probability of every label, for each request; without a classifier, for each of its tokens.
  std::vector<std::vector<double>> scores(std::span<const DispatchRequest> requests, Caches& caches) const {
    std::vector<TokenPrompt> prompts;
    for (const DispatchRequest& request : requests) prompts.push_back(dispatch_prompt(*model_, experts_, request, options_));
    prompts = model_->under_mix(prompts, classifier_, caches);
    std::vector<std::vector<double>> out;
    for (const ScoredAnswers& scored : score_answers(model_->decoder(), prompts, labels_, classifier_, caches)) {
      out.push_back(summed(scored));
      if (classifier_) continue;
      for (std::size_t k = 0; k < labels_.size(); ++k) out.back()[k] /= static_cast<double>(labels_[k].size());
    }
    return out;
  }

  std::shared_ptr<const LanguageModel> model_;
  ExpertSet experts_;
  std::shared_ptr<const ActiveMix> classifier_;
  PromptDispatchOptions options_;
  std::vector<std::string> categories_;  // the experts' come first
  std::vector<std::vector<std::int32_t>> labels_;
  std::vector<double> prior_;
};

}  // namespace

Dispatch Dispatcher::choose(const DispatchRequest& request, Caches& caches) const {
  return std::move(choose(std::span(&request, 1), caches).front());
}

TokenPrompt dispatch_prompt(const LanguageModel& model, const ExpertSet& experts, const DispatchRequest& request,
                            const PromptDispatchOptions& options) {
  const std::string context = head(request.context, options.context_chars);
  const std::vector<PreparedInput> pictures = seen_by(model, request.inputs);
  const auto text_of = [&](const std::string& question) {
    const std::string content = context.empty() ? question : context + "\n\n" + question;
    const OrderedJson messages = OrderedJson::array({{{"role", "user"}, {"content", content}}});
    return model.expand(model.render(with_pictures(messages, pictures.size())), pictures);
  };
  const PromptText asked = text_of(dispatch_question(experts, request.question, options.describe)), other = text_of("\x01");
  TokenPrompt prompt = model.tokenize(asked.text, pictures, adds_special_tokens(model, asked));
  // What stands in front of the question is what the second pass reads, too.
  const auto ids = model.tokenizer().encode(other.text, adds_special_tokens(model, other));
  prompt.shared_prefixes = {std::mismatch(prompt.ids.begin(), prompt.ids.end(), ids.begin(), ids.end()).first - prompt.ids.begin()};
  return prompt;
}

std::unique_ptr<Dispatcher> make_prompt_dispatcher(std::shared_ptr<const LanguageModel> model, ExpertSet experts,
                                                   std::shared_ptr<const ActiveMix> classifier,
                                                   const PromptDispatchOptions& options) {
  return std::make_unique<PromptDispatcher>(std::move(model), std::move(experts), std::move(classifier), options);
}

}  // namespace zlens
