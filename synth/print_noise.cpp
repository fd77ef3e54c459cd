#include "synth/print_noise.h"

#include <algorithm>
#include <cctype>

namespace zlens::synth {
namespace {

using View = std::string_view;

struct LookAlike {
  char printed;
  View read;
};
constexpr LookAlike kLookAlikes[] = {{'0', "O"}, {'O', "0"}, {'1', "I"}, {'I', "1"}, {'5', "S"}, {'S', "5"},
                                     {'8', "B"}, {'B', "8"}, {',', "."}, {'.', ","}, {'2', "Z"}, {'Z', "2"},
                                     {'E', "F"}, {'H', "N"}, {'N', "H"}, {'C', "G"}, {'6', "G"}};
constexpr View kOtherLetters = "ABCDEHIKLMNOPRSTU", kSpecks = ".,'- ";
constexpr View kRowEnd = "0123456789.,:/ -$RM%SZ()*X";
constexpr std::size_t kLongestRow = 46;  // that still takes the next line

bool holds(View line, Kept kept) {
  return std::any_of(kept.begin(), kept.end(), [&](View text) { return line.find(text) != line.npos; });
}

// For each character whether it stays.
std::vector<bool> protected_places(View line, Kept kept) {
  std::vector<bool> out(line.size(), false);
  for (const View text : kept) {
    for (std::size_t at = line.find(text); at != line.npos; at = line.find(text, at + 1)) {
      const std::size_t begin = at > 0 ? at - 1 : 0, end = std::min(at + text.size() + 1, line.size());
      std::fill(out.begin() + static_cast<std::ptrdiff_t>(begin), out.begin() + static_cast<std::ptrdiff_t>(end), true);
    }
  }
  return out;
}

char another(Rng& rng, char printed) {
  for (const LookAlike& pair : kLookAlikes)
    if (pair.printed == printed) return rng.pick(pair.read);
  return std::isalpha(static_cast<unsigned char>(printed)) ? rng.pick(kOtherLetters) : printed;
}

std::string misread_line(Rng& rng, View line, double rate, Kept kept) {
  const std::vector<bool> stays = protected_places(line, kept);
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool ascii = static_cast<unsigned char>(line[i]) < 0x80;
    if (!ascii || stays[i] || !rng.chance(rate)) {
      out += line[i];
      continue;
    }
    const double kind = rng.real();
    if (kind < 0.2) continue;
    out += kind < 0.3 ? line[i] : another(rng, line[i]);
    if (kind < 0.3) out += rng.pick(kSpecks);
  }
  return out;
}

}  // namespace

void drop_lines(Rng& rng, std::vector<std::string>& lines, double rate, Kept kept) {
  if (rate > 0) std::erase_if(lines, [&](const std::string& line) { return rng.chance(rate) && !holds(line, kept); });
}

void misread(Rng& rng, std::vector<std::string>& lines, double rate, Kept kept) {
  if (rate <= 0) return;
  for (std::string& line : lines) line = misread_line(rng, line, rate, kept);
}

void join_rows(Rng& rng, std::vector<std::string>& lines, double share) {
  std::vector<std::string> rows;
  for (std::string& line : lines) {
    if (!rows.empty() && rows.back().size() < kLongestRow && is_row_end(line) && rng.chance(share)) {
      rows.back() += " " + line;
    } else {
      rows.push_back(std::move(line));
    }
  }
  lines = std::move(rows);
}

bool is_row_end(std::string_view line) {
  return !line.empty() && line.find_first_not_of(kRowEnd) == line.npos;
}

}  // namespace zlens::synth
