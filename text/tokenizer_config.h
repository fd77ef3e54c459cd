// What stands beside a tokenizer: tokenizer_config.json, special_tokens_map.json, added_tokens.json.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "text/added_tokens.h"

namespace zlens {

struct TokenizerConfig {
  std::string tokenizer_class;  // empty where the file does not say
  std::string bos_token, eos_token, unk_token;
  std::optional<bool> add_bos_token, add_eos_token;
  std::vector<std::string> special_tokens;  // further ones, by name
  std::vector<AddedToken> added_tokens;     // with their ids
};

// Reads what is there; a missing file leaves the defaults. Throws InputError on broken ones.
TokenizerConfig read_tokenizer_config(const std::filesystem::path& folder);

}  // namespace zlens
