// Cutting a text into words before the model sees it: the `pre_tokenizer` of tokenizer.json.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "text/token_pattern.h"
#include "text/tokenizer_fields.h"

namespace zlens {

// A part of a text on its way to the model.
struct TextPiece {
  std::string text;
  bool at_start = false;  // begins where the whole text begins
};

// Replaces one piece by its parts, appended to the list. Thread-safe.
using PreTokenizerStep = std::function<void(TextPiece, std::vector<TextPiece>&)>;

enum class PrependScheme { Never, First, Always };

// A space in front of `text`, unless there is one.
void add_space(std::string& text);

PreTokenizerStep split_step(TokenPattern pattern, SplitBehavior behavior);
// Every byte becomes its printable character; words by GPT-2's pattern before that where `use_regex`.
PreTokenizerStep byte_level_step(bool add_prefix_space, bool use_regex);
// Spaces become `replacement`, which may also be put in front; words begin with it where `split`.
PreTokenizerStep metaspace_step(std::string replacement, PrependScheme scheme, bool split);

// The steps of a `pre_tokenizer` object (sequences flattened) in order. Throws InputError naming any unknown type.
std::vector<PreTokenizerStep> pre_tokenizer_from_json(const JsonFields& fields);

// The `prepend_scheme` of a Metaspace object, or what its older `add_prefix_space` means.
PrependScheme prepend_scheme(const JsonFields& metaspace);
// The `replacement` of a Metaspace object: one character.
std::string metaspace_replacement(const JsonFields& metaspace);
// {"String": …} or {"Regex": …}, the latter among the known ones.
TokenPattern pattern_from_json(const JsonFields& pattern);

}  // namespace zlens
