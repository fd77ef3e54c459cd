// A mix: weighted experts, a value that is passed with a request.
#pragma once

#include <memory>
#include <vector>

#include "experts/expert.h"
#include "experts/factors.h"
#include "io/json.h"
#include "modules/linear.h"

namespace zlens {

struct WeightedExpert {
  std::shared_ptr<const Expert> expert;
  double weight = 1;
};

// Empty: the base.
using Mix = std::vector<WeightedExpert>;

// z = 1 + sum of weight (z_k - 1) for each matrix, as scales S (z - 1) of the delta form; one row for all of a batch.
// A matrix whose z is 1 throughout is left out: its output is bit-identical to the base. An empty mix gives nullptr.
// Throws InputError on an expert of another base (naming both hashes), an unknown matrix or a wrong length.
std::shared_ptr<const ActiveMix> resolve(const Mix& mix, FactorStore& factors);

// [{"expert": name, "sha256": …, "weight": w}, …], for records.
Json describe(const Mix& mix);

}  // namespace zlens
