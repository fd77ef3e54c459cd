#include "text/pre_tokenizer.h"

#include <map>
#include <utility>

#include "io/utf8.h"
#include "text/byte_alphabet.h"
#include "text/token_model.h"
#include "text/unicode_text.h"

namespace zlens {
namespace {

constexpr const char* gpt2_expression = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

SplitBehavior split_behavior(const JsonFields& fields) {
  static const std::map<std::string, SplitBehavior> names{{"Removed", SplitBehavior::Removed},
                                                          {"Isolated", SplitBehavior::Isolated},
                                                          {"MergedWithPrevious", SplitBehavior::MergedWithPrevious},
                                                          {"MergedWithNext", SplitBehavior::MergedWithNext},
                                                          {"Contiguous", SplitBehavior::Contiguous}};
  const std::string name = fields.string("behavior");
  const auto found = names.find(name);
  if (found == names.end()) fields.fail("unknown split behavior " + printable(name));
  return found->second;
}

PreTokenizerStep split_from_json(const JsonFields& fields) {
  TokenPattern pattern = pattern_from_json(fields.object("pattern"));
  if (fields.boolean_or("invert", false)) pattern = inverted(std::move(pattern));
  return split_step(std::move(pattern), split_behavior(fields));
}

PreTokenizerStep digits_from_json(const JsonFields& fields) {
  const bool individual = fields.boolean_or("individual_digits", false);
  return split_step(character_pattern(is_number), individual ? SplitBehavior::Isolated : SplitBehavior::Contiguous);
}

PreTokenizerStep metaspace_from_json(const JsonFields& fields) {
  return metaspace_step(metaspace_replacement(fields), prepend_scheme(fields), fields.boolean_or("split", true));
}

void append_steps(const JsonFields& fields, std::vector<PreTokenizerStep>& steps) {
  if (steps.size() >= TokenizerLimits::max_steps) fields.fail("too many pre-tokenizers");
  const std::string type = fields.string("type");
  if (type == "Sequence") {
    const Json& parts = fields.array("pretokenizers");
    for (std::size_t i = 0; i < parts.size(); ++i) append_steps({parts[i], fields.where() + "[" + std::to_string(i) + "]"}, steps);
  } else if (type == "Split") {
    steps.push_back(split_from_json(fields));
  } else if (type == "ByteLevel") {
    steps.push_back(byte_level_step(fields.boolean_or("add_prefix_space", true), fields.boolean_or("use_regex", true)));
  } else if (type == "Digits") {
    steps.push_back(digits_from_json(fields));
  } else if (type == "Metaspace") {
    steps.push_back(metaspace_from_json(fields));
  } else if (type == "WhitespaceSplit") {
    steps.push_back(split_step(character_pattern(is_white_space), SplitBehavior::Removed));
  } else {
    fields.fail("unknown pre-tokenizer " + printable(type));
  }
}

}  // namespace

void add_space(std::string& text) {
  if (text.starts_with(' ')) return;
  std::string spaced = " ";
  text = std::move(spaced.append(text));
}

PreTokenizerStep split_step(TokenPattern pattern, SplitBehavior behavior) {
  return [pattern = std::move(pattern), behavior](const TextPiece& piece, std::vector<TextPiece>& out) {
    for (const std::string_view part : split_text(piece.text, pattern(piece.text), behavior)) {
      out.push_back({std::string(part), piece.at_start && part.data() == piece.text.data()});
    }
  };
}

PreTokenizerStep byte_level_step(bool add_prefix_space, bool use_regex) {
  const TokenPattern words = use_regex ? regex_pattern(gpt2_expression, "ByteLevel") : TokenPattern();
  return [add_prefix_space, words](TextPiece piece, std::vector<TextPiece>& out) {
    if (add_prefix_space) add_space(piece.text);
    if (!words) {
      out.push_back({bytes_to_alphabet(piece.text), piece.at_start});
      return;
    }
    for (const PatternSpan& span : words(piece.text)) {
      const std::string_view word = std::string_view(piece.text).substr(span.begin, span.end - span.begin);
      out.push_back({bytes_to_alphabet(word), piece.at_start && span.begin == 0});
    }
  };
}

PreTokenizerStep metaspace_step(std::string replacement, PrependScheme scheme, bool split) {
  const TokenPattern space = literal_pattern(" "), mark = literal_pattern(replacement);
  return [=](const TextPiece& piece, std::vector<TextPiece>& out) {
    std::string text;
    for (const PatternSpan& span : space(piece.text)) {
      text += span.match ? std::string_view(replacement) : std::string_view(piece.text).substr(span.begin, span.end - span.begin);
    }
    const bool wanted = scheme == PrependScheme::Always || (scheme == PrependScheme::First && piece.at_start);
    if (wanted && !text.starts_with(replacement)) text.insert(0, replacement);
    if (!split) {
      out.push_back({std::move(text), piece.at_start});
      return;
    }
    for (const std::string_view part : split_text(text, mark(text), SplitBehavior::MergedWithNext)) {
      out.push_back({std::string(part), piece.at_start && part.data() == text.data()});
    }
  };
}

std::vector<PreTokenizerStep> pre_tokenizer_from_json(const JsonFields& fields) {
  std::vector<PreTokenizerStep> steps;
  append_steps(fields, steps);
  return steps;
}

PrependScheme prepend_scheme(const JsonFields& metaspace) {
  if (metaspace.find("prepend_scheme") == nullptr) {
    return metaspace.boolean_or("add_prefix_space", true) ? PrependScheme::Always : PrependScheme::Never;
  }
  const std::string name = metaspace.string("prepend_scheme");
  if (name == "always") return PrependScheme::Always;
  if (name == "first") return PrependScheme::First;
  if (name != "never") metaspace.fail("unknown prepend_scheme " + printable(name));
  return PrependScheme::Never;
}

std::string metaspace_replacement(const JsonFields& metaspace) {
  std::string replacement = metaspace.string_or("replacement", "\xE2\x96\x81");
  if (to_utf32(replacement).size() != 1) metaspace.fail("replacement must be one character, got " + printable(replacement));
  return replacement;
}

TokenPattern pattern_from_json(const JsonFields& pattern) {
  if (pattern.find("Regex") != nullptr) return regex_pattern(pattern.string("Regex"), pattern.where());
  std::string literal = pattern.string("String");
  if (literal.size() > TokenizerLimits::max_replacement)
    pattern.fail("the string has " + std::to_string(literal.size()) + " bytes");
  return literal_pattern(std::move(literal));
}

}  // namespace zlens
