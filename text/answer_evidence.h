// Which recognised words an answer came from. Free of torch.
#pragma once

#include <string_view>
#include <vector>

#include "modules/evidence.h"

namespace zlens {

// The run of consecutive `words` (in reading order) that spells `answer` best, compared without case, spaces and punctuation;
// empty where the best similarity (1 - edit distance / longer length) is below `min_similarity`. Earlier runs win ties.
std::vector<Evidence> find_evidence(std::string_view answer, const std::vector<Evidence>& words, double min_similarity = 0.8);

}  // namespace zlens
