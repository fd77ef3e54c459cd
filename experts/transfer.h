// An expert carried to another base with the same matrices.
#pragma once

#include <string>
#include <vector>

#include "experts/expert.h"
#include "experts/factors.h"
#include "io/json.h"

namespace zlens {

// How far the singular bases of one matrix have drifted apart. Signs of singular vectors do not matter: z has none, and LoRA-XS
// parts are carried over them.
struct MatrixDrift {
  std::string name;
  double alignment = 0;  // mean over singular values of |u_i · u'_i| |v_i · v'_i|, weighted by what the expert does: S_i |z_i - 1|
  double plain_alignment = 0;  // the same, unweighted
  double spectrum = 0;         // ‖S - S'‖ / ‖S‖
  double effect = 0;           // ‖ΔW - ΔW'‖ / ‖ΔW‖, what the expert adds to the weights of the two bases
};

struct TransferReport {
  std::vector<MatrixDrift> matrices;
  double alignment = 0, effect = 0;  // over all matrices, weighted by ‖ΔW‖
};

struct Transfer {
  Expert expert;  // bound to the new base
  TransferReport report;
};

// Matrices are matched by name, those of the decoder by their names in it: an expert of a language model fits the vision-language
// models that are built on it, and the other way round. LoRA parts do not depend on bases: their drift is 0. LoRA-XS: row i of
// X changes its sign where u_i · u'_i is negative, column j where v_j · v'_j is. The prototype is left out: it tells how the old
// base reads prompts. Throws InputError where a matrix is missing or has another shape.
Transfer transfer_expert(const Expert& expert, FactorStore& from, FactorStore& to);

Json to_json(const TransferReport& report);

}  // namespace zlens
