#include "app/expert_selection.h"

#include <algorithm>
#include <map>

#include "app/expert_form.h"
#include "experts/base_hash.h"
#include "experts/expert_store.h"
#include "experts/mix_file.h"
#include "experts/scope.h"
#include "io/error.h"
#include "io/stopwatch.h"
#include "io/user_folders.h"

namespace zlens {
namespace {

// An expert trained to tell the others apart says so in its record.
bool is_classifier(const Expert& expert) {
  const auto task = expert.record.find("task");
  return task != expert.record.end() && task->second == "dispatch";
}

}  // namespace

BaseExperts experts_of_base(const std::string& folder, const std::string& base) {
  BaseExperts out;
  auto folders = expert_folders(folder);
  if (!folder.empty()) folders.resize(1);
  for (StoredExpert& stored : ExpertStore(folders).list()) {
    if (!stored.error.empty() || stored.expert.base != base) continue;
    auto expert = std::make_shared<const Expert>(std::move(stored.expert));
    const bool known =
        std::any_of(out.experts.begin(), out.experts.end(), [&](const auto& other) { return other->name == expert->name; });
    if (is_classifier(*expert)) {
      if (!out.classifier) out.classifier = expert;
    } else if (!known) {
      out.experts.push_back(std::move(expert));
    }
  }
  if (out.experts.empty())
    throw InputError("there is no expert of base " + base +
                     " to choose from (--experts names a folder; 'zlens experts list' shows what is there)");
  return out;
}

ExpertSelection::ExpertSelection(std::shared_ptr<const LanguageModel> model, const SessionOptions& options)
    : model_(std::move(model)) {
  if (options.expert.empty() || options.expert == "none") return;
  base_ = base_hash(*model_, user_cache_folder());
  factors_ = std::make_unique<FactorStore>(model_, base_, user_cache_folder() / "factors");
  options.expert == "auto" ? load_auto(options) : load_fixed(options);
}

void ExpertSelection::load_fixed(const SessionOptions& options) {
  mix_options_ = mix_options(options, *model_, 1, record_);
  const ExpertStore store(expert_folders(options.experts));
  if (options.expert.ends_with(".json")) {
    fixed_ = read_mix(options.expert, store, base_);
  } else {
    fixed_ = {{std::make_shared<Expert>(find_expert(options.expert, store, base_)), 1.0, {}}};
  }
  const bool fits =
      std::all_of(fixed_.begin(), fixed_.end(), [&](const WeightedExpert& entry) { return entry.expert->base == base_; });
  if (fits) factor_ahead(fixed_, *factors_, options);  // else `resolve` says what is wrong
  active_ = zlens::resolve(fixed_, *factors_, mix_options_);
  if (active_ && mix_options_.tolerance > 0) {
    record_["truncation"] = truncation_summary(certificate(*active_, model_->matrices()));
    record_["tolerance"] = mix_options_.tolerance;
  }
}

void ExpertSelection::load_auto(const SessionOptions& options) {
  BaseExperts found = experts_of_base(options.experts, base_);
  strategy_ = !options.dispatch.empty() ? options.dispatch : found.classifier ? "classifier" : "prompt";
  experts_ = std::move(found.experts);
  classifier_ = std::move(found.classifier);
  mix_options_ = mix_options(options, *model_, experts_.size() + 1, record_);
  Mix all;
  for (const auto& expert : experts_) all.push_back({expert, 1.0, {}});
  if (classifier_ && strategy_ == "classifier") all.push_back({classifier_, 1.0, {}});
  factor_ahead(all, *factors_, options);
  if (strategy_ == "prompt") {
    dispatcher_ = make_prompt_dispatcher(model_, experts_, nullptr);
  } else if (strategy_ == "classifier") {
    if (!classifier_)
      throw InputError(
          "no expert here was trained to tell the others apart ('zlens train --task dispatch' makes one); --dispatch prototype "
          "needs none");
    Json unrecorded;  // follows from the options that are
    const MixOptions one_for_all = mix_options(options, *model_, 1, unrecorded);
    dispatcher_ = make_prompt_dispatcher(model_, experts_, zlens::resolve({{classifier_, 1.0, {}}}, *factors_, one_for_all));
  } else if (strategy_ == "prototype") {
    dispatcher_ = make_prototype_dispatcher(model_, experts_);
  } else if (strategy_ == "fewshot") {
    throw InputError("few-shot mixes are made by 'zlens adapt' and given as --expert MIX.json");
  } else {
    throw InputError("dispatch '" + strategy_ + "' is unknown (known: prompt, classifier, prototype)");
  }
}

std::vector<ExpertSelection::Choice> ExpertSelection::choose(std::span<const PreparedRequest> requests, Caches& caches) const {
  if (!dispatcher_) return std::vector<Choice>(requests.size(), {fixed_, nullptr, 0});
  const Stopwatch start;
  std::vector<DispatchRequest> asked;
  for (const PreparedRequest& request : requests)
    asked.push_back({request.question, request.context, request.prompt, request.inputs});
  std::vector<Choice> out;
  for (Dispatch& chosen : dispatcher_->choose(asked, caches)) {
    Json why = {{"dispatch", strategy_}, {"confidence", chosen.confidence}, {"scores", std::move(chosen.why)}};
    out.push_back({std::move(chosen.mix), std::move(why)});
  }
  for (Choice& choice : out) choice.seconds = start.seconds() / static_cast<double>(out.size());
  return out;
}

std::vector<std::vector<std::size_t>> ExpertSelection::passes(const std::vector<Mix>& rows) const {
  std::vector<std::vector<std::size_t>> out;
  std::map<std::string, std::size_t> found;  // what is active -> its pass
  const auto acting = std::find_if(rows.begin(), rows.end(), [](const Mix& mix) { return !mix.empty(); });
  const auto scope_of = [&](const Mix& mix) -> std::string {
    const Mix& scoped = mix.empty() && acting != rows.end() ? *acting : mix;  // the base's rows fit any scope
    return !scoped.empty() && acts_on_answer_only(*scoped.front().expert) ? "answer" : "all";
  };
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const bool merged = mix_options_.form == LinearForm::Merged;
    const auto [place, fresh] = found.emplace(merged ? zlens::describe(rows[row]).dump() : scope_of(rows[row]), out.size());
    if (fresh) out.emplace_back();
    out[place->second].push_back(row);
  }
  return out;
}

std::shared_ptr<const ActiveMix> ExpertSelection::resolve(const std::vector<Mix>& rows, Caches& caches) const {
  return dispatcher_ ? resolve_cached(rows, *factors_, mix_options_, caches) : active_;
}

Json ExpertSelection::describe() const {
  Json out = record_;
  out["mix"] = zlens::describe(fixed_);
  if (!dispatcher_) return out;
  Mix all;
  for (const auto& expert : experts_) all.push_back({expert, 1.0, {}});
  out["dispatch"] = strategy_;
  out["experts"] = zlens::describe(all);
  if (classifier_ && strategy_ == "classifier") out["classifier"] = classifier_->sha256;
  return out;
}

}  // namespace zlens
