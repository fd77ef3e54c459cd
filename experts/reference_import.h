// z-vectors of the reference implementation of Transformer-squared (SakanaAI/self-adaptive-llms).
#pragma once

#include "experts/expert.h"
#include "experts/factors.h"
#include "io/torch_file.h"

namespace zlens {

struct ReferenceOptions {
  double max_mult = 1;  // of its policy: the mask is sigmoid(p) * max_mult
  bool rescale = true;  // W' is scaled to the nuclear norm of W, as its compose_new_params does; false: z is the mask itself
};

// Its policy stores p for each MLP matrix, either by name ("model.layers.0.mlp.gate_proj.weight", learnable_params.pt) or in the
// order of the model ("learnable_params_module_list.0", policy_params.pt). The mask m = sigmoid(p) * max_mult is rounded to
// bfloat16 as there, then z = m * sum(S) / sum(S m). Fills base, z and record; name and description are the caller's. Throws
// InputError where names, count or lengths do not fit the model.
Expert import_reference(const TorchFile& file, FactorStore& factors, const ReferenceOptions& options);

}  // namespace zlens
