// Amounts of money and numbers in lines of text. Free of torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zlens::synth {

// A part of a text, in bytes.
struct TextSpan {
  std::size_t begin = 0, size = 0;

  std::string_view of(std::string_view text) const { return text.substr(begin, size); }
};

// Amounts with two decimals, in order: 12.50, 1,250.00. Not what is part of a date, a version or a longer number.
std::vector<TextSpan> find_amounts(std::string_view text);
// Numbers of four digits and more that no '.', ',', '/' or '-' ties to others: postcodes, telephone and serial numbers.
std::vector<TextSpan> find_long_numbers(std::string_view text);

std::int64_t cents_of(std::string_view amount);               // of what find_amounts found
std::string amount_text(std::int64_t cents, bool thousands);  // 1250.00, or 1,250.00

// `text` with `replaced(part)` in the place of each of `parts`, which are in order and apart.
template <typename Replaced>
std::string replace_parts(std::string_view text, const std::vector<TextSpan>& parts, const Replaced& replaced) {
  std::string out;
  std::size_t done = 0;
  for (const TextSpan& part : parts) {
    out += text.substr(done, part.begin - done);
    out += replaced(part.of(text));
    done = part.begin + part.size;
  }
  return out.append(text.substr(done));
}

// All places of `old`, which must not be empty.
std::string replace_all(std::string_view text, std::string_view old, std::string_view replacement);

}  // namespace zlens::synth
