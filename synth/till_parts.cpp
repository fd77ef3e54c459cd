// Where a real receipt prints its company, address, date and total.
#include <algorithm>
#include <cctype>

#include "synth/amounts.h"
#include "synth/till_variants.h"

namespace zlens::synth {
namespace {

using View = std::string_view;
using Lines = std::vector<std::string>;

constexpr std::size_t kCompanyWithin = 10, kCompanyLines = 2, kAddressWithin = 16, kAddressLines = 6;
constexpr double kAlike = 0.78;

struct Block {
  std::size_t begin = 0, end = 0;  // lines

  bool found() const { return end > begin; }
};

// Letters and digits, the letters as capitals; bytes beyond ASCII count as letters.
std::string letters_and_digits(View text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte)) out += byte < 0x80 ? static_cast<char>(std::toupper(byte)) : c;
  }
  return out;
}

std::size_t longest_common_subsequence(View a, View b) {
  std::vector<std::size_t> row(b.size() + 1, 0);
  for (const char c : a) {
    std::size_t diagonal = 0;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = c == b[j - 1] ? diagonal + 1 : std::max(row[j - 1], above);
      diagonal = above;
    }
  }
  return row.back();
}

// 1 for equal texts, 0 for texts without a common character.
double likeness(View a, View b) {
  const double both = static_cast<double>(a.size() + b.size()), most = 2 * static_cast<double>(std::min(a.size(), b.size()));
  if (both == 0 || most / both < kAlike) return 0;  // cannot be alike: lengths differ too much
  return 2 * static_cast<double>(longest_common_subsequence(a, b)) / both;
}

// The lines, at most `most` of them and beginning within the first `within`, that are most alike to `text`.
Block find_block(const Lines& lines, View text, std::size_t within, std::size_t most) {
  const std::string wanted = letters_and_digits(text);
  Block best;
  double best_likeness = kAlike;
  for (std::size_t begin = 0; begin < std::min(within, lines.size()); ++begin) {
    std::string together;
    for (std::size_t end = begin + 1; end <= std::min(begin + most, lines.size()); ++end) {
      together += letters_and_digits(lines[end - 1]);
      const double alike = likeness(together, wanted);
      if (alike <= best_likeness) continue;
      best_likeness = alike;
      best = {begin, end};
    }
  }
  return best;
}

bool digit_at(View text, std::size_t index) {
  return index < text.size() && std::isdigit(static_cast<unsigned char>(text[index])) != 0;
}

// Whether `date` stands in the line, not as a part of a longer number.
bool prints_date(View line, View date) {
  for (std::size_t at = line.find(date); at != line.npos; at = line.find(date, at + 1))
    if ((at == 0 || !digit_at(line, at - 1)) && !digit_at(line, at + date.size())) return true;
  return false;
}

// Whether `total` stands in the line as an amount of its own, so that what changes amounts changes both alike.
bool prints_total(View line, View total) {
  const TextSpan inside = find_amounts(total).front();
  for (const TextSpan& amount : find_amounts(line)) {
    if (amount.size != inside.size || amount.begin < inside.begin) continue;
    const std::size_t begin = amount.begin - inside.begin;
    const bool apart = begin == 0 || !std::isalnum(static_cast<unsigned char>(line[begin - 1]));
    if (apart && line.substr(begin, total.size()) == total) return true;
  }
  return false;
}

// The answers can be told from everything else in a receipt.
bool usable(const TillAnswers& answers) {
  return letters_and_digits(answers.company).size() >= 3 && answers.date.size() >= 6 && find_amounts(answers.date).empty() &&
         find_amounts(answers.total).size() == 1 && find_long_numbers(answers.total).empty() &&
         answers.total.find(answers.date) == answers.total.npos;
}

// The lines outside the company's that hold something.
template <typename Holds>
std::vector<std::size_t> lines_that(const Lines& lines, const Block& company, const Holds& holds) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if ((i < company.begin || i >= company.end) && holds(lines[i])) out.push_back(i);
  return out;
}

}  // namespace

std::optional<Original> find_parts(std::vector<std::string> lines, TillAnswers answers, std::string_view address) {
  if (!usable(answers)) return std::nullopt;
  const Block company = find_block(lines, answers.company, kCompanyWithin, kCompanyLines);
  if (!company.found()) return std::nullopt;
  const auto dates = lines_that(lines, company, [&](const std::string& line) { return prints_date(line, answers.date); });
  const auto totals = lines_that(lines, company, [&](const std::string& line) { return prints_total(line, answers.total); });
  if (dates.empty() || totals.empty()) return std::nullopt;
  const Block below = address.empty() ? Block{} : find_block(lines, address, kAddressWithin, kAddressLines);
  const std::size_t head_end = std::max(company.end, below.end);
  const bool body_is_whole = below.found() && dates.front() >= head_end && totals.front() >= head_end;
  return Original{std::move(lines), std::move(answers), company.begin, company.end, head_end, body_is_whole};
}

}  // namespace zlens::synth
