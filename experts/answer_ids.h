// An answer as tokens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/model.h"

namespace zlens {

// `answer` as the model would spell it, with the token that ends an answer where the model has one.
std::vector<std::int32_t> answer_ids(const LanguageModel& model, const std::string& answer);

}  // namespace zlens
