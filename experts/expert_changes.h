// How much an expert changes which matrix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experts/expert.h"

namespace zlens {

class FactorStore;

// "model.layers.3.self_attn.q_proj" -> {"self_attn.q_proj", 3}; a name without a layer has layer -1 and stays whole.
struct MatrixPlace {
  std::string kind;
  std::int64_t layer = -1;
};
MatrixPlace place_of(const std::string& name);

struct MatrixChange {
  std::string name;
  MatrixPlace place;
  std::int64_t parameters = 0;
  std::optional<double> largest_shift;  // max |z - 1|; none without z
  double norm = 0;                      // ‖W' - W‖ (Frobenius), with z = ‖S (z - 1)‖; where S is not known ‖z - 1‖
  std::optional<double> relative;       // ‖W' - W‖ / ‖W‖; none where the base is not at hand
  std::vector<float> profile;           // |S (z - 1)| / max S for each singular value, or |z - 1| where S is not known
};

// In the order of layers, kinds as a decoder has them (q, k, v, o, gate, up, down). `factors` of the expert's base gives S and W;
// nullptr: what the file alone tells. Where a matrix has both z and a low-rank part, `norm` is of their sum and needs the base.
// Throws InputError where the expert does not fit the base.
std::vector<MatrixChange> changes_of(const Expert& expert, FactorStore* factors);

}  // namespace zlens
