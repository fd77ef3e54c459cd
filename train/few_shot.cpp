#include "train/few_shot.h"

#include <algorithm>

#include "io/error.h"
#include "text/score_answers.h"
#include "train/objectives.h"
#include "train/rollout.h"

namespace zlens {
namespace {

class Search {
 public:
  Search(const LanguageModel& model, FactorStore& factors, const std::vector<std::shared_ptr<const Expert>>& experts,
         const FewShotData& data, const FewShotOptions& options)
      : model_(model), factors_(factors), experts_(experts), data_(data), options_(options) {
    for (const AdaptableMatrix& matrix : model.matrices())
      layers_ = std::max(layers_, static_cast<std::size_t>(layer_of(matrix.name)) + 1);
  }

  std::size_t dimensions() const { return experts_.size() * (options_.by_layer ? layers_ : 1); }

  Mix mix_of(const std::vector<double>& weights) const {
    Mix mix;
    for (std::size_t k = 0; k < experts_.size(); ++k) {
      if (!options_.by_layer) {
        mix.push_back({experts_[k], weights[k], {}});
        continue;
      }
      const auto first = weights.begin() + static_cast<std::ptrdiff_t>(k * layers_);
      mix.push_back({experts_[k], 1.0, {first, first + static_cast<std::ptrdiff_t>(layers_)}});
    }
    return mix;
  }

  CemScore score(const std::vector<double>& weights) {
    const auto active = resolve(mix_of(weights), factors_, options_.mix);
    Caches fresh;
    Caches& caches = active && active->answer_only ? base_prefixes_ : fresh;
    return {reward(data_.shots, active, caches), likelihood(active, caches)};
  }

  double selection(const Mix& mix) {
    const auto active = resolve(mix, factors_, options_.mix);
    Caches fresh;
    return reward(data_.selection, active, active && active->answer_only ? base_prefixes_ : fresh);
  }

 private:
  double reward(const std::vector<TrainingSample>& samples, const std::shared_ptr<const ActiveMix>& active, Caches& caches) const {
    double sum = 0;
    const RolloutOptions rollout{.answers = 1, .max_new_tokens = options_.max_new_tokens, .batch_rows = 16};
    for (const Rollout& one : roll_out(model_, samples, active, *data_.reward, caches, rollout)) sum += one.answers.front().reward;
    return samples.empty() ? 0 : sum / static_cast<double>(samples.size());
  }

  double likelihood(const std::shared_ptr<const ActiveMix>& active, Caches& caches) const {
    std::vector<TokenPrompt> prompts;
    std::vector<std::vector<std::int32_t>> references;
    double sum = 0, tokens = 0;
    for (const TrainingSample& shot : data_.shots) {
      if (shot.references.empty()) continue;
      references.push_back(reference_ids(model_, shot));
      prompts.push_back(model_.under_mix(shot.prompt, active, caches));
      prompts.back().share_whole();  // as the answers just did
      tokens += static_cast<double>(references.back().size());
    }
    std::vector<Answers> answers;
    for (const auto& reference : references) answers.emplace_back(&reference, 1);
    for (const ScoredAnswers& scored : score_answers(model_.decoder(), prompts, answers, active, caches))
      sum += summed(scored).front();
    return tokens > 0 ? sum / tokens : 0;
  }

  const LanguageModel& model_;
  FactorStore& factors_;
  const std::vector<std::shared_ptr<const Expert>>& experts_;
  const FewShotData& data_;
  const FewShotOptions& options_;
  std::size_t layers_ = 0;  // of the deepest part: a tower may have more than the decoder
  Caches base_prefixes_{std::size_t{2} << 30};
};

void check(const std::vector<std::shared_ptr<const Expert>>& experts, const FewShotData& data, const FewShotOptions& options) {
  if (experts.empty()) throw InputError("there is no expert to mix");
  for (std::size_t i = 0; i < experts.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (experts[i]->sha256 == experts[k]->sha256)
        throw InputError("the experts '" + experts[k]->name + "' and '" + experts[i]->name + "' are the same: name each once");
  if (data.shots.empty()) throw InputError("there are no shots to adapt to");
  if (options.rounds < 1) throw InputError("--rounds " + std::to_string(options.rounds) + " is out of range (accepted: from 1)");
  for (const TrainingSample& shot : data.shots)
    for (const TrainingSample& other : data.selection)
      if (shot.id == other.id) throw InputError("sample '" + shot.id + "' is both a shot and used for selection");
}

}  // namespace

FewShotResult adapt(const LanguageModel& model, FactorStore& factors, const std::vector<std::shared_ptr<const Expert>>& experts,
                    const FewShotData& data, const FewShotOptions& options,
                    const std::function<bool(std::int64_t round)>& on_round) {
  check(experts, data, options);
  Search search(model, factors, experts, data, options);
  Cem cem(std::vector<double>(search.dimensions(), 1.0 / static_cast<double>(experts.size())), options.cem);
  FewShotResult out;
  out.base_selection_score = out.selection_score = search.selection({});
  out.shots_score = search.score(std::vector<double>(search.dimensions(), 0.0)).score;
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    const auto population = cem.ask();
    std::vector<CemScore> scores;
    for (const auto& candidate : population) scores.push_back(search.score(candidate));
    cem.tell(population, scores);
    const Mix mean = search.mix_of(cem.mean());
    FewShotRound report{*std::max_element(scores.begin(), scores.end()), search.selection(mean), cem.mean()};
    // Without selection samples the shots decide. The mean is none of the candidates, so it is scored itself.
    const bool by_shots = data.selection.empty();
    if (by_shots || report.selection > out.selection_score) {
      const double shots_score = search.score(cem.mean()).score;
      if (!by_shots || shots_score > out.shots_score) {
        out.mix = mean;
        out.selection_score = report.selection;
        out.shots_score = shots_score;
      }
    }
    out.rounds.push_back(std::move(report));
    if (on_round && on_round(round + 1)) break;
  }
  return out;
}

}  // namespace zlens
