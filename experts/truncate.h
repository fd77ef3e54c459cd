// Dropping the small part of a change, with its exact error.
#pragma once

#include "modules/linear.h"

namespace zlens {

// Keeps the components i of a delta in which some row has S_i |z_i - 1| > tolerance * (that row's largest), so that every row's
// ‖ΔW - ΔW_I‖₂ <= tolerance * ‖ΔW‖₂ of its own ΔW, and the next largest up to a multiple of 32 (in matrices with R >= 256), which
// cost nothing; one I for all rows, whose factors are copied. The error is known exactly, because U and V are orthonormal, and is
// left in `truncation`: of the factors in float32, to which rounding them to the model's dtype adds what it adds to any form.
// `change`: LinearForm::Delta with factors; 0 <= tolerance < 1.
SlotChange truncate(const SlotChange& change, double tolerance);

}  // namespace zlens
