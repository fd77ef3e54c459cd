#include "synth/till_dates.h"

#include "synth/till_words.h"
#include "synth/words.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

constexpr View kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};

constexpr Weighted kDateForms[] = {{34, "{dd}/{mm}/{year}"},   {12, "{dd}-{mm}-{year}"},   {12, "{dd}/{mm}/{yy}"},
                                   {12, "{dd}-{mm}-{yy}"},     {6, "{year}-{mm}-{dd}"},    {4, "{year}/{mm}/{dd}"},
                                   {5, "{dd} {MONTH} {year}"}, {3, "{dd}-{Month}-{year}"}, {3, "{d}/{m}/{year}"},
                                   {3, "{dd}.{mm}.{year}"},    {2, "{dd}{mm}{year}"},      {2, "{Month} {d}, {year}"},
                                   {2, "{dd}{MONTH}{year}"}};

constexpr View kTimeForms[] = {"{HH}:{mm}", "{HH}:{mm}:{ss}", "{h}:{mm} {half}", "{hh}:{mm}{half}", "{h}:{mm}:{ss} {half}"};

constexpr Weighted kLabels[] = {{4, "DATE"},    {1, "INVOICE DATE"}, {1, "BILL DATE"},  {1, "TRANS DATE"},
                                {1, "DT"},      {1, "BILL DT"},      {1, "PRINT DATE"}, {1, "DATE/TIME"},
                                {1, "BIZDATE"}, {1, "INV. DATE"},    {1, "ORDER DATE"}};

constexpr Weighted kBlocks[] = {{22, "{label}{sep}{date}"},
                                {3, "{label}\n{date}"},
                                {3, "{label}:\n{date}"},
                                {2, "{label} :\n{date}"},
                                {10, "{label}{sep}{date} {time}"},
                                {6, "{label}{sep}{date}\nTIME{sep}{time}"},
                                {4, "{label}{sep}{date} TIME{sep}{time}"},
                                {10, "{date} {time}"},
                                {6, "{date}\n{time}"},
                                {6, "{date}"},
                                {6, "{code} {date} {time}"},
                                {6, "{date} {time} {code}"},
                                {4, "{code} {code 2} {date}\n{time}"},
                                {4, "{time} {date}"},
                                {4, "{date} {code}\n{time} {code 2}"},
                                {4, "{code}\n{date}\n{time}\n{code 2}"}};

constexpr View kCodes[] = {"#99",           "#9999",           "#999999",   "REG #9",    "REG #99",    "ORD #99",
                           "T9 R999999999", "SH09 ZJ99",       "POS9",      "TRN:9999",  "STORE 9999", "C9",
                           "999",           "99999/999/99999", "9-9999999", "CASHIER _", "M# : C2 - 9"};

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::string printed_date(Rng& rng) {
  const std::int64_t year = rng.integer(2013, 2020), month = rng.integer(1, 12), day = rng.integer(1, 28);
  const std::string d = std::to_string(day), dd = two_digits(day), m = std::to_string(month), mm = two_digits(month);
  const std::string yyyy = std::to_string(year), name(kMonths[month - 1]), titled_name = titled(name);
  const Filling fillings[] = {{"d", d},        {"dd", dd},
                              {"m", m},        {"mm", mm},
                              {"year", yyyy},  {"yy", View(yyyy).substr(2)},
                              {"MONTH", name}, {"Month", titled_name}};
  return fill(pick_weighted(rng, kDateForms), fillings);
}

std::string printed_time(Rng& rng) {
  const std::int64_t hour = rng.integer(0, 23), minute = rng.integer(0, 59), second = rng.integer(0, 59);
  const std::int64_t of_twelve = hour % 12 == 0 ? 12 : hour % 12;
  const std::string of_day = two_digits(hour), h = std::to_string(of_twelve), hh = two_digits(of_twelve);
  const std::string mm = two_digits(minute), ss = two_digits(second);
  const Filling fillings[] = {{"HH", of_day}, {"h", h}, {"hh", hh}, {"mm", mm}, {"ss", ss}, {"half", hour > 11 ? "PM" : "AM"}};
  return fill(rng.pick(kTimeForms), fillings);
}

std::string till_code(Rng& rng) {
  return stamped(rng, rng.pick(kCodes));
}

std::vector<std::string> date_lines(Rng& rng, std::string_view date, std::string_view time, std::string_view separator) {
  const View label = pick_weighted(rng, kLabels), block = pick_weighted(rng, kBlocks);
  const std::string code = till_code(rng), second = till_code(rng);
  const Filling fillings[] = {{"label", label}, {"sep", separator}, {"date", date},
                              {"time", time},   {"code", code},     {"code 2", second}};
  std::vector<std::string> lines;
  add_lines(lines, fill(block, fillings));
  return lines;
}

}  // namespace zlens::synth
