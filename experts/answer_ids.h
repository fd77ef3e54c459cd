// An answer as tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/model.h"

namespace zlens {

// `answer` as the model would spell it, with the token that ends an answer where the model has one.
std::vector<std::int32_t> answer_ids(const LanguageModel& model, const std::string& answer);

// `answer` spelt: every character by tokens of its own, without a token that ends it.
std::vector<std::int32_t> spelt_ids(const Tokenizer& tokenizer, std::string_view answer);

// Such tokens with the one that ends an answer behind them.
std::vector<std::int32_t> ended(const LanguageModel& model, std::vector<std::int32_t> ids);

}  // namespace zlens
