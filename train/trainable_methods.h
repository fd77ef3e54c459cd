// The methods behind make_trainable. Internal to train/.
#pragma once

#include "train/trainable.h"

namespace zlens {

// z = 1 + p for every singular value.
std::unique_ptr<Trainable> make_svf(FactorStore& factors, const MethodOptions& options);
// The same for the leading singular values only; the others keep z = 1.
std::unique_ptr<Trainable> make_svf_topk(FactorStore& factors, const MethodOptions& options);
// y += U_k X V_kᵀ x with a small trained X (arXiv 2405.17604).
std::unique_ptr<Trainable> make_lora_xs(FactorStore& factors, const MethodOptions& options);
// y += alpha / r ∘ B (A x) (arXiv 2106.09685).
std::unique_ptr<Trainable> make_lora(FactorStore& factors, const MethodOptions& options);

}  // namespace zlens
