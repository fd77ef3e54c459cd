#include "synth/till.h"

#include <algorithm>

#include "synth/amounts.h"
#include "synth/till_body.h"
#include "synth/till_dates.h"
#include "synth/till_head.h"
#include "synth/till_words.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;
using Lines = std::vector<std::string>;

constexpr View kSeparators[] = {": ", " : ", ":", " ", ". "};
constexpr View kTitles[] = {"TAX INVOICE", "INVOICE",          "CASH BILL", "CASH SALES",      "SIMPLIFIED TAX INVOICE",
                            "RECEIPT",     "OFFICIAL RECEIPT", "BILL",      "- TAX INVOICE -", "GUEST CHECK",
                            "DINE IN",     "TAKE AWAY"};
constexpr View kDetails[] = {"INVOICE NO{sep}CS99999999",
                             "INVOICE NO{sep}INV-9999",
                             "INVOICE NO{sep}TD999999",
                             "INVOICE NO{sep}999999999",
                             "DOC NO.{sep}CS99999999",
                             "CASHIER{sep}USER",
                             "CASHIER{sep}ADMIN",
                             "CASHIER{sep}_",
                             "CASHIER{sep}CASHIER 9",
                             "TABLE{sep}99",
                             "PAX{sep}9",
                             "COUNTER{sep}9",
                             "SALESPERSON{sep}",
                             "REF.{sep}",
                             "SERVED BY{sep}_",
                             "RECEIPT #{sep}999999",
                             "MEMBER{sep}99999999",
                             "TIME{sep}{time}",
                             "TERMS{sep}C.O.D.",
                             "SLIP NO.{sep}9999999999",
                             "STAFF{sep}_",
                             "ORDER{sep}99999999",
                             "{code}"};
constexpr View kFootLines[] = {"THANK YOU",
                               "THANK YOU PLEASE COME AGAIN",
                               "GOODS SOLD ARE NOT RETURNABLE",
                               "GOODS SOLD ARE NOT REFUNDABLE",
                               "EXCHANGE WITHIN 7 DAYS WITH RECEIPT",
                               "STRICTLY NO CASH REFUND",
                               "PLEASE COME AGAIN",
                               "THIS IS A COMPUTER GENERATED RECEIPT",
                               "LIKE US ON FACEBOOK",
                               "CUSTOMER SERVICE 1-300-99-9999",
                               "PRICE INCLUSIVE OF GST",
                               "WIFI PASSWORD: _",
                               "POWERED BY _",
                               "BUSINESS HOUR: 10:00AM - 10:00PM",
                               "HAVE A NICE DAY"};

std::size_t place(Rng& rng, std::size_t low, std::size_t high) {
  return static_cast<std::size_t>(rng.integer(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)));
}

// What kind of paper it is; cashier, invoice and other numbers.
Lines draw_details(Rng& rng, View separator, View time) {
  Lines details;
  if (rng.chance(0.7)) details.emplace_back(rng.pick(kTitles));
  for (std::int64_t left = rng.integer(0, 6); left > 0; --left) {
    const std::string pattern = stamped(rng, rng.pick(kDetails)), code = till_code(rng);
    const Filling fillings[] = {{"sep", separator}, {"time", time}, {"code", code}};
    details.push_back(fill(pattern, fillings));
  }
  return details;
}

Lines draw_foot(Rng& rng) {
  Lines foot;
  for (std::int64_t left = rng.integer(0, 4); left > 0; --left) foot.push_back(stamped(rng, rng.pick(kFootLines)));
  return foot;
}

struct Sections {
  Lines head, details, body, foot;
};

// Mostly among the details or below the body; sometimes right below the company or behind the details.
void insert_date(Rng& rng, Sections& sections, std::size_t company_end, const Lines& date) {
  const double where = rng.real();
  if (where < 0.6) {
    insert_lines(sections.details, place(rng, 0, sections.details.size()), date);
  } else if (where < 0.63) {
    insert_lines(sections.head, place(rng, company_end, std::min(company_end + 3, sections.head.size())), date);
  } else if (where < 0.7) {
    insert_lines(sections.details, sections.details.size(), date);
  } else {
    insert_lines(sections.foot, 0, date);
  }
}

std::string without_end_spaces(const std::string& line) {
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

// What noise must leave alone: the answers as printed, and the total's amount wherever it comes again.
Lines kept_texts(const Till& till) {
  Lines kept = till.company_parts;
  kept.push_back(till.answers.date);
  kept.push_back(till.answers.total);
  for (const TextSpan amount : find_amounts(till.answers.total)) kept.emplace_back(amount.of(till.answers.total));
  return kept;
}

}  // namespace

const TillNoise kInventedNoise = {.drop_rates = {0}, .misread_rates = {0, 0, 0.01, 0.02, 0.04}, .join_chance = 0.25};

std::vector<std::string> company_lines(Rng& rng, const std::string& company) {
  std::vector<std::size_t> spaces;
  for (std::size_t i = 1; i + 1 < company.size(); ++i)
    if (company[i] == ' ' && company[i - 1] != ' ' && company[i + 1] != ' ') spaces.push_back(i);
  if (spaces.size() < 3 || !rng.chance(0.3)) return {company};
  const std::size_t at = rng.pick(spaces);
  return {company.substr(0, at), company.substr(at + 1)};
}

Till invent_till(Rng& rng, std::span<const std::string> known) {
  const View separator = rng.pick(kSeparators);
  const std::string date = printed_date(rng), time = printed_time(rng);
  TillHead head = draw_head(rng, separator, known);
  TillBody body = draw_body(rng);
  Sections sections{std::move(head.lines), draw_details(rng, separator, time), std::move(body.lines), draw_foot(rng)};
  insert_date(rng, sections, head.company_end, date_lines(rng, date, time, separator));
  if (rng.chance(0.15)) sections.foot.push_back(date + " " + time);
  Till till{{}, std::move(head.company_parts), {std::move(head.company), date, std::move(body.total)}};
  for (const Lines* section : {&sections.head, &sections.details, &sections.body, &sections.foot})
    insert_lines(till.lines, till.lines.size(), *section);
  return till;
}

void add_noise(Rng& rng, Till& till, const TillNoise& noise) {
  const Lines kept = kept_texts(till);
  drop_lines(rng, till.lines, rng.pick(noise.drop_rates), kept);
  misread(rng, till.lines, rng.pick(noise.misread_rates), kept);
  if (rng.chance(noise.join_chance)) join_rows(rng, till.lines, rng.chance(0.5) ? 0.5 : 0.9);
  for (std::string& line : till.lines) line = without_end_spaces(line);
  std::erase_if(till.lines, [](const std::string& line) { return line.empty(); });
}

std::string text_of(const Till& till) {
  std::string text;
  for (const std::string& line : till.lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace zlens::synth
