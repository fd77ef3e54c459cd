// What an expert adds to a weight matrix.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "experts/expert.h"
#include "experts/factors.h"

namespace zlens {

// Throws InputError unless the expert was made for the base of `factors` and every part of it fits a matrix: names, lengths,
// shapes.
void check_fits(const Expert& expert, const FactorStore& factors);

// True where the expert does something to matrix `name`.
bool changes_matrix(const Expert& expert, const std::string& name);

// True where what it does there depends on the factors: z, LoRA-XS.
bool needs_factors(const Expert& expert, const std::string& name);

// W' - W in float32, [M, N]: U diag(S (z - 1)) Vᵀ + B A + U_k X V_kᵀ. `factors` in float32; may be empty where none are needed.
// Of an expert that fits.
at::Tensor delta_weight(const Expert& expert, const std::string& name, const Factors& factors);

// z - 1, [R] in float32.
at::Tensor shift_of(const Expert& expert, const std::string& name);

}  // namespace zlens
