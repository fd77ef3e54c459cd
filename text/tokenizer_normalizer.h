// What a text goes through before it is cut into words: the `normalizer` of tokenizer.json.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/token_pattern.h"
#include "text/tokenizer_fields.h"

namespace zlens {

// A chain of text changes. Immutable; thread-safe.
class TextNormalizer {
 public:
  using Step = std::function<std::string(std::string)>;
  TextNormalizer() = default;
  explicit TextNormalizer(std::vector<Step> steps);

  // Throws InputError where a chain of replacements blows the text up beyond TokenizerLimits::max_growth.
  std::string operator()(std::string text) const;
  bool empty() const { return steps_.empty(); }

 private:
  std::vector<Step> steps_;
};

// `text` with every match of `pattern` replaced by `content`.
std::string replace_matches(std::string_view text, const TokenPattern& pattern, std::string_view content);

// From a `normalizer` object (sequences flattened). Throws InputError naming any unknown type.
TextNormalizer normalizer_from_json(const JsonFields& fields);

}  // namespace zlens
