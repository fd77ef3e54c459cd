// Tokenizers that exist as a sentencepiece model only (tokenizer.model), run by libsentencepiece.
#pragma once

#include <string>
#include <string_view>

#include "text/sentencepiece_model.h"
#include "text/tokenizer_config.h"
#include "text/tokenizer_pipeline.h"

namespace zlens {

// The parts of the tokenizer in `bytes`. Text becomes what the library's `encode` makes of it, piece by piece between the control
// tokens; those that `config` names, and the model's own BOS, EOS and unknown, are recognised in text. BOS is added unless `config`
// says otherwise, EOS where it says so. Throws InputError beginning with `subject`, also on a tokenizer class with other rules.
TokenizerParts tokenizer_parts_from_sentencepiece(std::string_view bytes, const TokenizerConfig& config,
                                                  const std::string& subject);

}  // namespace zlens
