// A mix: weighted experts, a value that is passed with a request.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "experts/expert.h"
#include "experts/factors.h"
#include "io/json.h"
#include "modules/caches.h"
#include "modules/linear.h"

namespace zlens {

struct WeightedExpert {
  std::shared_ptr<const Expert> expert;
  double weight = 1;
  std::vector<double> by_layer;  // factors on top, by the layer that a matrix belongs to; empty: 1 everywhere

  double weight_of(const std::string& matrix) const;
};

// Empty: the base.
using Mix = std::vector<WeightedExpert>;

struct MixOptions {
  LinearForm form = LinearForm::Delta;
  // z is divided by sum(S z) / sum(S), so that the nuclear norm of W' is that of W (the released reference's rule).
  bool keep_nuclear_norm = false;
  // Delta: components may be dropped up to an error of this times ‖ΔW‖₂ in each matrix (experts/truncate.h); 0: exact.
  double tolerance = 0;
};

// Throws InputError on a tolerance outside [0, 1), or with another form than delta.
void check(const MixOptions& options);

// z = 1 + sum of weight (z_k - 1) for each matrix; low-rank parts are added with their weights.
// A matrix whose z is 1 throughout is left out: its output is bit-identical to the base. An empty mix gives nullptr.
// Costs little enough to be done for every request: one pass over the values, and no matrix is touched but for LinearForm::Merged,
// low-rank parts and truncation. Throws InputError on an expert of another base (naming both hashes), an unknown matrix, a wrong
// length, or options that do not fit together.
std::shared_ptr<const ActiveMix> resolve(const Mix& mix, FactorStore& factors, const MixOptions& options = {});

// One mix for each row of a batch, as one ActiveMix that a single forward pass serves. Rows that are all alike give what `resolve`
// gives. Throws InputError as `resolve` does, and for LinearForm::Merged, which has one weight for all rows.
std::shared_ptr<const ActiveMix> resolve_rows(std::span<const Mix> rows, FactorStore& factors, const MixOptions& options = {});

// As `resolve_rows`, with merged weights and truncated factors kept in `caches` for requests that bring their own mix again and
// again.
std::shared_ptr<const ActiveMix> resolve_cached(std::span<const Mix> rows, FactorStore& factors, const MixOptions& options,
                                                Caches& caches);

// What a truncated mix leaves out: [{"matrix": name, "kept": k, "rank": R, "spectral": ‖ΔW - ΔW_I‖₂, "frobenius": …, "change":
// ‖ΔW‖₂}, …], empty where nothing was truncated. For records.
Json certificate(const ActiveMix& mix, const AdaptableMatrices& matrices);

// [{"expert": name, "sha256": …, "weight": w, "by_layer": […]}, …], for records; by_layer only where there is one.
Json describe(const Mix& mix);

// The layer's number in "….layers.<n>.…"; 0 for a name outside of layers.
std::int64_t layer_of(const std::string& matrix);

}  // namespace zlens
