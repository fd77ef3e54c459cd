// tokenizer.json, the file format of Hugging Face's tokenizers.
#pragma once

#include <filesystem>
#include <string>

#include "io/json.h"
#include "text/tokenizer_pipeline.h"

namespace zlens {

inline constexpr JsonLimits kTokenizerJson{.max_depth = 32, .max_bytes = kTableJson.max_bytes, .max_values = kTableJson.max_values};

// The parts that `file` describes; `subject` names it in errors. Any component outside the supported ones is refused by name.
// `truncation` and `padding` are ignored: they are settings of a training run, and callers decide about lengths.
TokenizerParts tokenizer_parts_from_json(const Json& file, const std::string& subject);

// Reads and checks a tokenizer.json alone: no BOS and EOS names. Throws InputError.
std::unique_ptr<const Tokenizer> tokenizer_from_json_text(std::string_view text, const std::string& subject);

}  // namespace zlens
