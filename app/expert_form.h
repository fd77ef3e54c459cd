// In which form a session's experts are computed, and the factors that they need. Internal to app/.
#pragma once

#include "app/session.h"
#include "experts/factors.h"
#include "experts/mix.h"

namespace zlens {

class LanguageModel;

// The form that the options ask for (`auto`: the cheapest by assets/linear-costs.json), and what the choice rests on into `record`.
// It holds for the whole session: answers must not depend on what is asked beside or before them. `mixes`: how many different ones
// the rows of a batch may have; 1: one for everything; more: a dispatcher's, the base among them, whose rows keep its bits. Throws
// InputError on options that do not fit together.
MixOptions mix_options(const SessionOptions& options, const LanguageModel& model, std::size_t mixes, Json& record);

// Factors the matrices that `mix` scales, unless the cache has them. Throws Error where `options.on_factors` stops it.
void factor_ahead(const Mix& mix, FactorStore& factors, const SessionOptions& options);

// The largest error that the certificates of a truncated mix allow, and how much is left.
Json truncation_summary(const Json& certificates);

}  // namespace zlens
