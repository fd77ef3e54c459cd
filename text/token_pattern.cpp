#include "text/token_pattern.h"

#include <utility>

#include "io/utf8.h"

namespace zlens {
namespace {

std::vector<PatternSpan> merged_with_previous(const std::vector<PatternSpan>& spans) {
  std::vector<PatternSpan> out;
  bool previous = false;
  for (const PatternSpan& span : spans) {
    if (span.match && !previous && !out.empty()) {
      out.back().end = span.end;
    } else {
      out.push_back(span);
    }
    previous = span.match;
  }
  return out;
}

std::vector<PatternSpan> merged_with_next(const std::vector<PatternSpan>& spans) {
  std::vector<PatternSpan> out;
  bool previous = false;
  for (auto span = spans.rbegin(); span != spans.rend(); ++span) {
    if (span->match && !previous && !out.empty()) {
      out.back().begin = span->begin;
    } else {
      out.push_back(*span);
    }
    previous = span->match;
  }
  return {out.rbegin(), out.rend()};
}

std::vector<PatternSpan> contiguous(const std::vector<PatternSpan>& spans) {
  std::vector<PatternSpan> out;
  bool previous = false;
  for (const PatternSpan& span : spans) {
    if (span.match == previous && !out.empty()) {
      out.back().end = span.end;
    } else {
      out.push_back(span);
    }
    previous = span.match;
  }
  return out;
}

std::vector<PatternSpan> arranged(const std::vector<PatternSpan>& spans, SplitBehavior behavior) {
  switch (behavior) {
    case SplitBehavior::MergedWithPrevious:
      return merged_with_previous(spans);
    case SplitBehavior::MergedWithNext:
      return merged_with_next(spans);
    case SplitBehavior::Contiguous:
      return contiguous(spans);
    default:
      return spans;
  }
}

}  // namespace

TokenPattern literal_pattern(std::string literal) {
  return [literal = std::move(literal)](std::string_view text) {
    std::vector<PatternSpan> spans;
    std::size_t done = 0;
    while (!literal.empty()) {
      const std::size_t at = text.find(literal, done);
      if (at == std::string_view::npos) break;
      if (done < at) spans.push_back({done, at, false});
      done = at + literal.size();
      spans.push_back({at, done, true});
    }
    if (done < text.size()) spans.push_back({done, text.size(), false});
    return spans;
  };
}

TokenPattern character_pattern(bool (*property)(char32_t)) {
  return [property](std::string_view text) {
    std::vector<PatternSpan> spans;
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      const CodePoint point = decode_utf8(text.substr(at));
      if (property(point.value)) {
        if (done < at) spans.push_back({done, at, false});
        done = at + point.length;
        spans.push_back({at, done, true});
      }
      at += point.length;
    }
    if (done < text.size()) spans.push_back({done, text.size(), false});
    return spans;
  };
}

TokenPattern inverted(TokenPattern pattern) {
  return [pattern = std::move(pattern)](std::string_view text) {
    std::vector<PatternSpan> spans = pattern(text);
    for (PatternSpan& span : spans) span.match = !span.match;
    return spans;
  };
}

std::vector<std::string_view> split_text(std::string_view text, const std::vector<PatternSpan>& spans, SplitBehavior behavior) {
  std::vector<std::string_view> parts;
  parts.reserve(spans.size());
  for (const PatternSpan& span : arranged(spans, behavior)) {
    const bool removed = behavior == SplitBehavior::Removed && span.match;
    if (!removed && span.begin < span.end) parts.push_back(text.substr(span.begin, span.end - span.begin));
  }
  return parts;
}

}  // namespace zlens
