#include "text/answer_evidence.h"

#include <utf8proc.h>

#include <algorithm>
#include <string>

#include "io/utf8.h"

namespace zlens {
namespace {

// Long answers are rambling, not quotations; the bound also keeps the search linear in the page.
constexpr std::size_t kMaxAnswer = 400;

std::u32string folded(std::string_view text) {
  std::u32string out;
  for (const char32_t c : to_utf32(text)) {
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
    const bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
    if (letter) out.push_back(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  }
  return out;
}

std::size_t edit_distance(std::u32string_view a, std::u32string_view b, std::vector<std::size_t>& row) {
  row.resize(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] != b[j - 1] ? 1 : 0);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<Evidence> find_evidence(std::string_view answer, const std::vector<Evidence>& words, double min_similarity) {
  const std::u32string wanted = folded(answer);
  if (wanted.empty() || wanted.size() > kMaxAnswer) return {};
  std::vector<std::u32string> spelled;
  for (const Evidence& word : words) spelled.push_back(folded(word.text));
  // A run much shorter or longer than the answer cannot reach the similarity.
  const double shortest = static_cast<double>(wanted.size()) * min_similarity,
               longest = static_cast<double>(wanted.size()) / min_similarity;
  double best = min_similarity;
  std::size_t best_begin = 0, best_end = 0;
  std::vector<std::size_t> row;
  for (std::size_t begin = 0; begin < words.size(); ++begin) {
    if (spelled[begin].empty()) continue;
    std::u32string run;
    for (std::size_t end = begin; end < words.size(); ++end) {
      run += spelled[end];
      const auto length = static_cast<double>(run.size());
      if (length > longest) break;
      if (length < shortest || spelled[end].empty()) continue;
      const double similarity =
          1.0 - static_cast<double>(edit_distance(wanted, run, row)) / static_cast<double>(std::max(wanted.size(), run.size()));
      if (similarity > best || (similarity == best && best_end == 0)) {
        best = similarity;
        best_begin = begin;
        best_end = end + 1;
      }
    }
  }
  return {words.begin() + static_cast<std::ptrdiff_t>(best_begin), words.begin() + static_cast<std::ptrdiff_t>(best_end)};
}

}  // namespace zlens
