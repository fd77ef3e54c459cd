#include <array>
#include <cstdio>
#include <ctime>

#include "text/jinja_format.h"

namespace zlens {
namespace {

constexpr std::array weekdays = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array months = {"January", "February", "March",     "April",   "May",      "June",
                               "July",    "August",   "September", "October", "November", "December"};

// `pad` is the fill of a number: '0', ' ' or, after "%-", none.
std::string number(int value, int width, char pad) {
  std::string digits = std::to_string(value);
  const auto wanted = static_cast<std::size_t>(width);
  return pad && digits.size() < wanted ? digits.insert(0, wanted - digits.size(), pad) : digits;
}

std::string directive(JinjaBudget& budget, char code, const std::tm& time, bool bare) {
  const char zero = bare ? '\0' : '0';
  const std::string weekday = weekdays[static_cast<std::size_t>(time.tm_wday)];
  const std::string month = months[static_cast<std::size_t>(time.tm_mon)];
  const int hour12 = time.tm_hour % 12 == 0 ? 12 : time.tm_hour % 12;
  switch (code) {
    case 'a':
      return weekday.substr(0, 3);
    case 'A':
      return weekday;
    case 'b':
    case 'h':
      return month.substr(0, 3);
    case 'B':
      return month;
    case 'd':
      return number(time.tm_mday, 2, zero);
    case 'e':
      return number(time.tm_mday, 2, bare ? '\0' : ' ');
    case 'm':
      return number(time.tm_mon + 1, 2, zero);
    case 'y':
      return number((time.tm_year + 1900) % 100, 2, zero);
    case 'Y':
      return std::to_string(time.tm_year + 1900);
    case 'H':
      return number(time.tm_hour, 2, zero);
    case 'I':
      return number(hour12, 2, zero);
    case 'M':
      return number(time.tm_min, 2, zero);
    case 'S':
      return number(time.tm_sec, 2, zero);
    case 'p':
      return time.tm_hour < 12 ? "AM" : "PM";
    case 'j':
      return number(time.tm_yday + 1, 3, zero);
    case 'w':
      return std::to_string(time.tm_wday);
    case 'u':
      return std::to_string(time.tm_wday == 0 ? 7 : time.tm_wday);
    case 'f':
      return "000000";
    case 'z':
    case 'Z':
      return "";  // Python's datetime.now() has no zone
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case '%':
      return "%";
    default:
      break;
  }
  budget.fail("strftime_now does not know the directive %" + std::string(1, code));
}

// Directives that stand for several others.
std::string_view expansion(char code) {
  switch (code) {
    case 'F':
      return "%Y-%m-%d";
    case 'T':
    case 'X':
      return "%H:%M:%S";
    case 'R':
      return "%H:%M";
    case 'D':
    case 'x':
      return "%m/%d/%y";
    case 'c':
      return "%a %b %e %H:%M:%S %Y";
    case 'r':
      return "%I:%M:%S %p";
    default:
      return {};
  }
}

std::string expand(JinjaBudget& budget, std::string_view format, const std::tm& time) {
  std::string out;
  for (std::size_t at = 0; at < format.size(); ++at) {
    budget.step();
    if (format[at] != '%' || at + 1 == format.size()) {
      out += format[at];
      continue;
    }
    const bool bare = format[at + 1] == '-' && at + 2 < format.size();
    const char code = format[at += bare ? 2 : 1];
    const std::string_view longer = expansion(code);
    out += longer.empty() ? directive(budget, code, time, bare) : expand(budget, longer, time);
  }
  return out;
}

}  // namespace

std::string format_time(JinjaBudget& budget, std::string_view format, std::int64_t seconds) {
  std::tm time{};
  const auto clock = static_cast<std::time_t>(seconds);
  // Python's datetime ends with the year 9999.
  if (seconds < 0 || !::gmtime_r(&clock, &time) || time.tm_year + 1900 > 9999) {
    budget.fail("the time " + std::to_string(seconds) + " is not between 1970 and 9999");
  }
  return expand(budget, format, time);
}

}  // namespace zlens
