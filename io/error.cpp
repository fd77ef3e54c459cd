#include "io/error.h"

#include "io/utf8.h"

namespace zlens {
namespace {

bool is_control(char32_t code_point) {
  const bool c0_or_c1 = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
  const bool line_break_or_bidi = code_point == 0x2028 || code_point == 0x2029 || (code_point >= 0x202A && code_point <= 0x202E) ||
                                  (code_point >= 0x2066 && code_point <= 0x2069);
  return c0_or_c1 || line_break_or_bidi;
}

}  // namespace

Error::Error(std::string_view message) : std::runtime_error(printable(message, std::string_view::npos)) {}

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= max_bytes) return out + "…";
    const CodePoint step = decode_utf8(text);
    append_utf8(out, is_control(step.value) ? U'\uFFFD' : step.value);
    text.remove_prefix(step.length);
  }
  return out;
}

}  // namespace zlens
