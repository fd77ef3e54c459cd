#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "app/session.h"

namespace zlens {
namespace {

constexpr std::array<std::string_view, 12> kPhrases = {"not found", "none",          "n/a",           "na",
                                                       "unknown",   "unanswerable",  "no answer",     "not available",
                                                       "not given", "not mentioned", "not specified", "null"};

}  // namespace

bool is_not_found(const std::string& answer) {
  std::string text;
  for (const char c : answer) text.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  const auto letter = [](unsigned char c) { return std::isalnum(c) || c >= 0x80; };
  const auto first = std::find_if(text.begin(), text.end(), letter);
  const auto last = std::find_if(text.rbegin(), text.rend(), letter).base();
  if (first >= last) return true;
  const std::string_view core(&*first, static_cast<std::size_t>(last - first));
  return core.starts_with("not found") || std::find(kPhrases.begin(), kPhrases.end(), core) != kPhrases.end();
}

}  // namespace zlens
