// Where an expert's prompts lie in the base's hidden space.
#pragma once

#include <memory>
#include <vector>

#include "experts/expert.h"
#include "modules/caches.h"
#include "text/model.h"

namespace zlens {

// Mean and deviation [2, D] of the last token's hidden state over `prompts` (at least two), as the base reads them.
// Throws InputError with fewer.
Matrix measure_prototype(const LanguageModel& model, const std::vector<const TokenPrompt*>& prompts, Caches& caches);

// Negative log-likelihood of `hidden` [D] for each dimension, under independent normal distributions. Lower is nearer.
double prototype_distance(const Matrix& prototype, const at::Tensor& hidden);

// The same of the average member: half the logarithm of 2 pi e times the variance.
double expected_distance(const Matrix& prototype);

}  // namespace zlens
