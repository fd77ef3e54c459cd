// How a text is cut: by a known regular expression, a literal, or a property of characters.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace zlens {

// A stretch [begin, end) of a text, a match of the pattern or what lies between two matches.
struct PatternSpan {
  std::size_t begin, end;
  bool match;
};

// The spans of a text, covering it from left to right. Thread-safe.
using TokenPattern = std::function<std::vector<PatternSpan>(std::string_view)>;

// What becomes of the matches when a text is split, as in the `behavior` of tokenizer.json.
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

// One of the regular expressions that published tokenizers use; InputError, beginning with `where`, names any other. They run in
// PCRE2 with Unicode properties and with limits that grow with the text, and match what Oniguruma matches.
TokenPattern regex_pattern(const std::string& expression, const std::string& where);
// Every occurrence of `literal`; none where it is empty.
TokenPattern literal_pattern(std::string literal);
// Every single character with the property.
TokenPattern character_pattern(bool (*property)(char32_t));

// Matches become gaps and the other way round.
TokenPattern inverted(TokenPattern pattern);

// The parts of a text that remain after a split, in order.
std::vector<std::string_view> split_text(std::string_view text, const std::vector<PatternSpan>& spans, SplitBehavior behavior);

}  // namespace zlens
