#include "synth/till_variants.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "synth/amounts.h"
#include "synth/till_dates.h"
#include "synth/till_words.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;
using Lines = std::vector<std::string>;

// What a line still says once its date is gone, letters and digits alone, if it was there for the date.
constexpr View kDateRemains[] = {"",   "DATE",     "TIME",      "DATETIME", "AM",          "PM",
                                 "DT", "BILLDATE", "TRANSDATE", "DOCDATE",  "INVOICEDATE", "BILLINGDATE"};

// A receipt in the making.
struct Draft {
  Lines lines;
  TillAnswers answers;
  std::size_t company_begin, company_end, head_end;
  Lines old_names;  // whose mentions become the new name

  bool is_company(std::size_t line) const { return line >= company_begin && line < company_end; }
  void erase(std::size_t at) {
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
    for (std::size_t* mark : {&company_begin, &company_end, &head_end})
      if (at < *mark) --*mark;
  }
};

Draft draw_draft(Rng& rng, std::span<const Original> originals) {
  const Original& original = rng.pick(originals);
  Draft draft{original.lines,       original.answers,  original.company_begin,
              original.company_end, original.head_end, {original.answers.company}};
  const Original& other = rng.pick(originals);
  if (!rng.chance(0.5) || !original.body_is_whole || !other.body_is_whole) return draft;
  draft.lines.assign(original.lines.begin(), original.lines.begin() + static_cast<std::ptrdiff_t>(original.head_end));
  draft.lines.insert(draft.lines.end(), other.lines.begin() + static_cast<std::ptrdiff_t>(other.head_end), other.lines.end());
  draft.answers.date = other.answers.date;
  draft.answers.total = other.answers.total;
  draft.old_names.push_back(other.answers.company);
  return draft;
}

// One factor for all amounts of a receipt; most are rounded to five cents. Equal amounts become equal ones.
class Scale {
 public:
  explicit Scale(Rng& rng) : rng_(rng) {
    const std::int64_t percent = rng.pick(std::to_array({100, 100, 30, 50, 70, 130, 190, 270, 90, 110, 430}));
    millionths_ = percent * rng.integer(8000, 12500);
  }

  std::string scaled(View amount) {
    const std::int64_t cents = cents_of(amount);
    const auto [entry, fresh] = scaled_.emplace(cents, 0);
    if (fresh) entry->second = draw(cents);
    return amount_text(entry->second, amount.find(',') != amount.npos);
  }

 private:
  std::int64_t draw(std::int64_t cents) {
    if (cents == 0) return 0;
    const std::int64_t exact = (cents * millionths_ + 500'000) / 1'000'000;
    const std::int64_t rounded = rng_.chance(0.7) ? (exact + 2) / 5 * 5 : exact;
    return std::max<std::int64_t>(rounded, 5);
  }

  Rng& rng_;
  std::int64_t millionths_;
  std::map<std::int64_t, std::int64_t> scaled_;  // cents -> cents
};

void scale_amounts(Rng& rng, Draft& draft) {
  Scale scale(rng);
  const auto scaled = [&](std::string& text) {
    text = replace_parts(text, find_amounts(text), [&](View amount) { return scale.scaled(amount); });
  };
  for (std::string& line : draft.lines) scaled(line);
  scaled(draft.answers.total);
}

// Equal numbers become equal ones, of as many digits. The date stays.
void change_numbers(Rng& rng, Draft& draft) {
  std::map<std::string, std::string, std::less<>> changed;
  const auto another = [&](View number) -> const std::string& {
    const auto [entry, fresh] = changed.emplace(number, "");
    if (fresh) entry->second = stamped(rng, std::string(number.size(), '9'));
    return entry->second;
  };
  for (std::string& line : draft.lines)
    if (line.find(draft.answers.date) == line.npos) line = replace_parts(line, find_long_numbers(line), another);
}

bool is_rest_of_date(View line) {
  std::string rest;
  for (const char c : line)
    if (static_cast<unsigned char>(c) >= 0x80 || std::isalnum(static_cast<unsigned char>(c))) rest += c;
  rest = upper(std::move(rest));
  return std::find(std::begin(kDateRemains), std::end(kDateRemains), rest) != std::end(kDateRemains);
}

// Takes the date out, with its label where that stands alone.
void remove_date(Draft& draft) {
  const std::string& date = draft.answers.date;
  for (std::size_t i = draft.lines.size(); i-- > 0;) {
    std::string& line = draft.lines[i];
    if (draft.is_company(i) || line.find(date) == line.npos) continue;
    line = replace_all(line, date, "");
    if (!is_rest_of_date(line)) continue;
    draft.erase(i);
    if (i > 0 && !draft.is_company(i - 1) && is_rest_of_date(draft.lines[i - 1])) draft.erase(--i);
  }
}

// Below the head; not between a label and its number.
std::size_t place_for_date(Rng& rng, const Draft& draft) {
  const auto last = static_cast<std::int64_t>(draft.lines.size()), first = static_cast<std::int64_t>(draft.head_end);
  const double where = rng.real();
  std::int64_t at = first;
  if (where < 0.5) {
    at = rng.integer(first, std::min(first + 8, last));
  } else if (where < 0.85) {
    at = rng.integer(std::max(first, last * 2 / 3), last);
  } else {
    at = rng.integer(first, last);
  }
  while (at < last && is_row_end(draft.lines[static_cast<std::size_t>(at)])) ++at;
  return static_cast<std::size_t>(at);
}

void change_date(Rng& rng, Draft& draft) {
  const std::string date = rng.chance(0.85) ? printed_date(rng) : draft.answers.date;
  if (rng.chance(0.55)) {
    remove_date(draft);
    const std::size_t at = place_for_date(rng, draft);
    const std::string time = printed_time(rng);
    insert_lines(draft.lines, at, date_lines(rng, date, time, rng.pick(std::to_array<View>({": ", " : ", ":"}))));
  } else {
    for (std::string& line : draft.lines) line = replace_all(line, draft.answers.date, date);
  }
  draft.answers.date = date;
}

// A registration number at the end of the line: "(123456-X)". Empty where there is none.
View registration_in(View line) {
  const std::size_t space = line.find_last_of(' ');
  if (space == line.npos) return {};
  const View word = line.substr(space + 1);
  const auto digits = std::count_if(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return digits >= 4 ? word : View();
}

// Lines above the company, which look like companies, too, and lines below it.
void surround_company(Rng& rng, Draft& draft) {
  if (rng.chance(0.25) && names_a_company(draft.answers.company)) {
    insert_lines(draft.lines, draft.company_begin, {brand_name(rng)});
  } else if (rng.chance(0.2)) {
    insert_lines(draft.lines, draft.company_begin, {stray_line(rng)});
  } else if (rng.chance(0.15)) {
    const View below = rng.pick(std::to_array<View>({"FORMERLY KNOWN AS {name}", "({name})"}));
    const std::string name = company_name(rng);
    const Filling fillings[] = {{"name", name}};
    insert_lines(draft.lines, draft.company_end, {fill(below, fillings)});
  }
}

void rename(Draft& draft, View old) {
  for (std::string& line : draft.lines)
    if (line.find(draft.answers.date) == line.npos && line.find(draft.answers.total) == line.npos)
      line = replace_all(line, old, draft.answers.company);
}

// Prints the company anew, so that it stands as answered even where the reader had misread it. Returns its parts.
Lines change_company(Rng& rng, Draft& draft, std::span<const std::string> known) {
  const bool renamed = rng.chance(0.85);
  if (renamed) draft.answers.company = company_name(rng, known);
  const Lines parts = company_lines(rng, draft.answers.company);
  Lines printed = parts;
  const std::string registration(registration_in(draft.lines[draft.company_end - 1]));
  if (!registration.empty()) printed.back() += " " + registration;
  while (draft.company_end > draft.company_begin) draft.erase(draft.company_begin);
  for (const std::string& old : draft.old_names) rename(draft, old);
  insert_lines(draft.lines, draft.company_begin, printed);
  draft.company_end = draft.company_begin + printed.size();
  if (renamed) surround_company(rng, draft);
  return parts;
}

}  // namespace

const TillNoise kVariantNoise = {.drop_rates = {0, 0.03, 0.1}, .misread_rates = {0, 0, 0.01, 0.02, 0.04}, .join_chance = 0.5};

Till make_variant(Rng& rng, std::span<const Original> originals, std::span<const std::string> known) {
  Draft draft = draw_draft(rng, originals);
  if (rng.chance(0.9)) scale_amounts(rng, draft);
  change_numbers(rng, draft);
  change_date(rng, draft);
  Lines parts = change_company(rng, draft, known);
  return {std::move(draft.lines), std::move(parts), std::move(draft.answers)};
}

}  // namespace zlens::synth
