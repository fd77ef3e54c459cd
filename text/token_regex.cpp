// The regular expressions of published tokenizers, in PCRE2.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "io/error.h"
#include "text/token_pattern.h"
#include "text/tokenizer_fields.h"

namespace zlens {
namespace {

// As the files spell them. Patterns come from untrusted files, so one that is not listed is refused rather than run.
constexpr std::array<const char*, 15> known_expressions{
    // GPT-2, and its shorter spelling
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
    R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
    // Llama 3, Phi-4
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    // Qwen2 and its successors
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    // GPT-4
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
    // GPT-4o, Llama 4, Phi-4-mini
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    // Mistral's Tekken
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
    R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    // CLIP
    R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)",
    R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)",
    // Parts of sequences: DeepSeek, Falcon, llama.cpp's default
    R"(\p{N}{1,3})",
    R"(\p{N}+)",
    R"([0-9][0-9][0-9])",
    R"([\p{P}\$\+<=>\^~\|]+)",
    R"(\s+)",
};

// `\s` and `\S` spelled out: PCRE2's own `\s` has U+180E, which Oniguruma's lacks.
std::string with_explicit_spaces(std::string_view expression) {
  constexpr std::string_view spaces = R"(\t-\r \x{85}\p{Z})";
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\' && i + 1 < expression.size()) {
      const char escaped = expression[++i];
      if (escaped == 's') {
        out.append(in_class ? "" : "[").append(spaces).append(in_class ? "" : "]");
      } else if (escaped == 'S' && !in_class) {
        out.append("[^").append(spaces).append("]");
      } else {
        out.append({c, escaped});
      }
      continue;
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    out.push_back(c);
  }
  return out;
}

struct CodeDelete {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct MatchDelete {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct ContextDelete {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

// One compiled expression. Immutable; every search has its own match data and limits.
class CompiledRegex {
 public:
  explicit CompiledRegex(const std::string& expression) {
    const std::string text = with_explicit_spaces(expression);
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_.reset(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
    if (code_ == nullptr) throw Error("PCRE2 cannot compile " + printable(text) + ": error " + std::to_string(error));
    // Where the system forbids generated code, the interpreter does the same, more slowly.
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);
  }

  std::vector<PatternSpan> find(std::string_view text) const {
    const std::unique_ptr<pcre2_match_data, MatchDelete> data(pcre2_match_data_create(1, nullptr));
    const std::unique_ptr<pcre2_match_context, ContextDelete> context(pcre2_match_context_create(nullptr));
    if (data == nullptr || context == nullptr) throw std::bad_alloc();
    set_limits(context.get(), text.size());
    std::vector<PatternSpan> spans;
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto [begin, end] = next(text, at, data.get(), context.get());
      if (begin == text.size()) break;
      if (done < begin) spans.push_back({done, begin, false});
      spans.push_back({begin, end, true});
      done = at = end;
    }
    if (done < text.size()) spans.push_back({done, text.size(), false});
    return spans;
  }

 private:
  // The listed expressions give up a long run one character at a time at most a few times, so the work allowed grows with the text.
  static void set_limits(pcre2_match_context* context, std::size_t size) {
    const auto steps = static_cast<std::uint32_t>(std::min<std::size_t>(10'000 + 32 * size, UINT32_MAX));
    pcre2_set_match_limit(context, steps);
    pcre2_set_depth_limit(context, 1000);
    pcre2_set_heap_limit(context, 1024);  // KiB
  }

  // The next match from `at`; both ends at the text's end where there is none. No listed expression matches the empty text.
  std::pair<std::size_t, std::size_t> next(std::string_view text, std::size_t at, pcre2_match_data* data,
                                           pcre2_match_context* context) const {
    // The text is known to be UTF-8; checking it again from every match on would be quadratic.
    const int count =
        pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at, PCRE2_NO_UTF_CHECK, data, context);
    if (count == PCRE2_ERROR_NOMATCH) return {text.size(), text.size()};
    if (count < 0) {
      throw InputError("the text cannot be split into words (PCRE2 error " + std::to_string(count) + " at byte " +
                       std::to_string(at) + " of " + std::to_string(text.size()) + "); shorten it");
    }
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data);
    if (ends[1] <= ends[0]) throw Error("a pattern of the tokenizer matched the empty text");
    return {ends[0], ends[1]};
  }

  std::unique_ptr<pcre2_code, CodeDelete> code_;
};

}  // namespace

TokenPattern regex_pattern(const std::string& expression, const std::string& where) {
  const bool known =
      std::any_of(known_expressions.begin(), known_expressions.end(), [&](const char* e) { return expression == e; });
  if (!known) {
    throw InputError(where + ": the regular expression " + printable(expression) +
                     " is not one of the known tokenizer patterns; convert the tokenizer to one of them");
  }
  return [regex = std::make_shared<const CompiledRegex>(expression)](std::string_view text) { return regex->find(text); };
}

}  // namespace zlens
