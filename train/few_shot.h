// Few-shot adaptation: which mix of experts answers a handful of examples best (arXiv 2501.06252, section 3.2).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "experts/mix.h"
#include "experts/sample_stream.h"
#include "text/model.h"
#include "train/cem.h"

namespace zlens {

struct FewShotOptions {
  CemOptions cem;
  std::int64_t rounds = 12;
  bool by_layer = false;  // a weight for each expert and layer (of the deepest part) instead of one for each expert
  std::int64_t max_new_tokens = 24;
  MixOptions mix;
};

// Shots guide the search, selection samples choose among what its rounds found; neither may be what is tested later.
struct FewShotData {
  std::vector<TrainingSample> shots, selection;
  const Reward* reward = nullptr;
};

struct FewShotRound {
  CemScore best;         // of the population, on the shots: reward, then mean log-likelihood of the first references
  double selection = 0;  // reward of the round's mean on the selection samples
  std::vector<double> mean;
};

struct FewShotResult {
  Mix mix;
  double shots_score = 0, selection_score = 0;  // of the mix
  double base_selection_score = 0;
  std::vector<FewShotRound> rounds;
};

// Weights may be negative. Starts from the mean of all experts; the base is kept where no mix beats it on the selection samples.
// Called after each round with its number; true stops the search, which then ends with the best so far.
FewShotResult adapt(const LanguageModel& model, FactorStore& factors, const std::vector<std::shared_ptr<const Expert>>& experts,
                    const FewShotData& data, const FewShotOptions& options,
                    const std::function<bool(std::int64_t round)>& on_round = {});

}  // namespace zlens
