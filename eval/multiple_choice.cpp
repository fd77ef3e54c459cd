#include "eval/multiple_choice.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "io/python_case.h"
#include "io/python_text.h"
#include "io/utf8.h"

namespace zlens {
namespace {

using View = std::u32string_view;
constexpr std::size_t kNone = View::npos;

constexpr int kStart = 10, kEnd = 9, kPhrase = 7, kParentheses = 6, kPeriod = 5, kColon = 4, kRightParenthesis = 3, kSpace = 2;

constexpr std::array<View, 27> kPhrases = {U"the answer is",
                                           U"answer is",
                                           U"the correct answer is",
                                           U"correct answer is",
                                           U"the best answer is",
                                           U"best answer is",
                                           U"the correct option is",
                                           U"correct option is",
                                           U"the best option is",
                                           U"best option is",
                                           U"the choice is",
                                           U"choice is",
                                           U"the correct choice is",
                                           U"correct choice is",
                                           U"i choose",
                                           U"i select",
                                           U"i pick",
                                           U"my answer is",
                                           U"my choice is",
                                           U"\uC635\uC158",
                                           U"\uC815\uB2F5\uC740",
                                           U"\uB2F5\uC740",
                                           U"\uB2F5:",
                                           U"\u7B54\u6848\u662F",
                                           U"\u7B54\u6848\u4E3A",
                                           U"\u9009",
                                           U"\u7B54\u3048\u306F"};

// The best candidate so far: higher rank first, then the later position, then the letter seen first.
class Best {
 public:
  void offer(char letter, int rank, std::size_t position) {
    if (letter_ != 0 && std::tuple(rank, position) <= std::tuple(rank_, position_)) return;
    std::tie(letter_, rank_, position_) = std::tuple(letter, rank, position);
  }
  char letter() const { return letter_; }

 private:
  char letter_ = 0;
  int rank_ = -1;
  std::size_t position_ = 0;
};

View strip_character(View text, char32_t c) {
  while (!text.empty() && text.front() == c) text.remove_prefix(1);
  while (!text.empty() && text.back() == c) text.remove_suffix(1);
  return text;
}

// "B." and the like: the letter between two given characters (0: none wanted before it).
void offer_shapes(Best& best, View text, int options, char32_t before, char32_t after, int rank) {
  for (int i = 0; i < options; ++i) {
    std::u32string shape;
    if (before != 0) shape += before;
    shape += U'A' + static_cast<char32_t>(i);
    shape += after;
    const std::size_t at = text.rfind(shape);
    if (at != kNone) best.offer(static_cast<char>('A' + i), rank, at);
  }
}

void offer_phrases(Best& best, View text, int options) {
  const std::u32string lowered = python::lower(text);
  for (const View phrase : kPhrases) {
    const std::size_t at = lowered.find(phrase);
    if (at == kNone) continue;
    for (int i = 0; i < options; ++i) {
      const std::size_t letter = text.find(U'A' + static_cast<char32_t>(i), at + phrase.size());
      if (letter != kNone) best.offer(static_cast<char>('A' + i), kPhrase, letter);
    }
  }
}

void offer_ends(Best& best, View text, int options) {
  const View stripped = python::strip(text);
  if (stripped.empty()) return;
  const auto letter_of = [&](char32_t c) {
    return c >= U'A' && c < U'A' + static_cast<char32_t>(options) ? static_cast<char>(c) : 0;
  };
  const bool alone = stripped.size() == 1;
  const char first = static_cast<char>(letter_of(stripped.front())), last = static_cast<char>(letter_of(stripped.back()));
  if (first != 0 && (alone || !python::is_alpha(stripped[1]))) best.offer(first, kStart, 0);
  if (last != 0 && (alone || !python::is_alpha(stripped[stripped.size() - 2]))) best.offer(last, kEnd, text.size() - 1);
}

void offer_anywhere(Best& best, View text, int options) {
  for (int i = 0; i < options; ++i) {
    const std::size_t at = text.rfind(U'A' + static_cast<char32_t>(i));
    if (at != kNone) best.offer(static_cast<char>('A' + i), 0, at);
  }
}

std::u32string comparable(std::string_view text) {
  const std::u32string wide = python::lower(to_utf32(text));
  View view = python::strip(wide);
  while (view.ends_with(U'.')) view.remove_suffix(1);
  return std::u32string(python::strip(view));
}

char option_with_text(const std::u32string& text, std::span<const std::string> choices) {
  const std::size_t count = std::min<std::size_t>(choices.size(), 26);
  for (std::size_t i = 0; i < count; ++i) {
    if (comparable(choices[i]) == text) return static_cast<char>('A' + i);
  }
  return 0;
}

char only_option_inside(const std::u32string& text, std::span<const std::string> choices) {
  char found = 0;
  const std::size_t count = std::min<std::size_t>(choices.size(), 26);
  for (std::size_t i = 0; i < count; ++i) {
    const std::u32string option = comparable(choices[i]);
    if (option.empty() || text.find(option) == kNone) continue;
    if (found != 0) return 0;
    found = static_cast<char>('A' + i);
  }
  return found;
}

}  // namespace

char extract_choice_letter(std::u32string_view text, int options) {
  options = std::clamp(options, 0, 26);
  View core = python::strip(text);
  if (core.empty()) return 0;
  for (const char32_t c : View(U",.!?;:'\"")) core = strip_character(core, c);
  std::u32string padded(1, U' ');
  padded.append(core).append(1, U' ');

  Best best;
  offer_shapes(best, padded, options, U'(', U')', kParentheses);
  offer_shapes(best, padded, options, 0, U'.', kPeriod);
  offer_shapes(best, padded, options, 0, U':', kColon);
  offer_shapes(best, padded, options, 0, U')', kRightParenthesis);
  offer_shapes(best, padded, options, 0, U' ', kSpace);
  offer_phrases(best, padded, options);
  offer_ends(best, padded, options);
  if (best.letter() == 0) offer_anywhere(best, padded, options);
  return best.letter();
}

char chosen_option(std::string_view prediction, std::span<const std::string> choices) {
  const std::u32string text = comparable(prediction);
  if (text.empty()) return 0;
  if (const char letter = option_with_text(text, choices)) return letter;
  if (const char letter = extract_choice_letter(to_utf32(prediction), static_cast<int>(std::min<std::size_t>(choices.size(), 26))))
    return letter;
  return only_option_inside(text, choices);
}

char reference_option(std::string_view reference, std::span<const std::string> choices) {
  const std::u32string text = comparable(reference);
  if (const char letter = option_with_text(text, choices)) return letter;
  if (text.size() != 1 || text[0] < U'a' || text[0] - U'a' >= std::min<std::size_t>(choices.size(), 26)) return 0;
  return static_cast<char>('A' + (text[0] - U'a'));
}

}  // namespace zlens
