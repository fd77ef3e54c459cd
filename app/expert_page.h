// An expert as a page: which layers and matrices it changes, drawn as heat maps.
#pragma once

#include <string>
#include <vector>

#include "experts/expert_changes.h"

namespace zlens {

// One HTML file that needs nothing from outside. Colour: ‖S(z-1)‖ / ‖S‖ of each matrix where `changes` know the base, else what
// they know; below it, for z-vectors, |S(z-1)| along the singular values.
std::string expert_page(const Expert& expert, const std::vector<MatrixChange>& changes);

}  // namespace zlens
