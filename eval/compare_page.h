// A comparison of runs as a page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "eval/compare.h"
#include "eval/confusion.h"

namespace zlens {

// The page: needs nothing else, as report.h's. `confusions`: of each run, nothing where it has none.
std::string render_comparison(const Comparison& comparison, const std::vector<std::optional<ConfusionMatrix>>& confusions);

}  // namespace zlens
