#include "io/utf8.h"

namespace zlens {
namespace {

constexpr char32_t kReplacement = U'\uFFFD';

struct Step {
  char32_t value;
  std::size_t length;
  bool valid;
};

// What may follow a lead byte (Unicode 15, table 3-7): how many continuation bytes, and the range of the first of them.
struct Lead {
  int continuations;  // -1: not a lead byte
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
};

Lead classify(std::uint8_t byte) {
  if (byte < 0x80) return {0};
  if (byte < 0xC2) return {-1};
  if (byte < 0xE0) return {1};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte < 0xF0) return {2};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte < 0xF4) return {3};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {-1};
}

Step decode_step(std::string_view text) {
  const auto first = static_cast<std::uint8_t>(text[0]);
  const Lead lead = classify(first);
  if (lead.continuations == 0) return {first, 1, true};
  if (lead.continuations < 0) return {kReplacement, 1, false};
  const auto wanted = static_cast<std::size_t>(lead.continuations) + 1;
  char32_t value = first & (0xFFU >> (wanted + 1));
  for (std::size_t i = 1; i < wanted; ++i) {
    // An error ends before the byte that does not fit: it may start the next sequence ("maximal subpart").
    if (i == text.size()) return {kReplacement, i, false};
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const std::uint8_t low = i == 1 ? lead.low : std::uint8_t{0x80};
    const std::uint8_t high = i == 1 ? lead.high : std::uint8_t{0xBF};
    if (byte < low || byte > high) return {kReplacement, i, false};
    value = (value << 6) | (byte & 0x3FU);
  }
  return {value, wanted, true};
}

char continuation(char32_t code_point, int shift) {
  return static_cast<char>(0x80 | ((code_point >> shift) & 0x3F));
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Step step = decode_step(text);
    if (!step.valid) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

CodePoint decode_utf8(std::string_view text) {
  const Step step = decode_step(text);
  return {step.value, step.length};
}

std::u32string to_utf32(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Step step = decode_step(text);
    out.push_back(step.value);
    text.remove_prefix(step.length);
  }
  return out;
}

void append_utf8(std::string& out, char32_t code_point) {
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (surrogate || code_point > 0x10FFFF) code_point = kReplacement;
  if (code_point < 0x80) {
    out.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code_point >> 6)));
    out.push_back(continuation(code_point, 0));
  } else if (code_point < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (code_point >> 12)));
    out.push_back(continuation(code_point, 6));
    out.push_back(continuation(code_point, 0));
  } else {
    out.push_back(static_cast<char>(0xF0 | (code_point >> 18)));
    out.push_back(continuation(code_point, 12));
    out.push_back(continuation(code_point, 6));
    out.push_back(continuation(code_point, 0));
  }
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t code_point : text) append_utf8(out, code_point);
  return out;
}

}  // namespace zlens
