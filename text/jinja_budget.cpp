#include "text/jinja_budget.h"

#include "io/error.h"

namespace zlens {

void fail_in_template(int line, std::string_view why) {
  constexpr std::size_t longest = 400;
  std::string text(why.substr(0, longest));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (why.size() > longest) text += "...";
  throw InputError("chat template, line " + std::to_string(line) + ": " + text);
}

void JinjaBudget::string_of(std::size_t size) {
  if (size > JinjaLimits::string_bytes) {
    fail("a text of " + std::to_string(size) + " bytes is over the limit of " + std::to_string(JinjaLimits::string_bytes) +
         "; shorten the conversation or use another template");
  }
  bytes(size);
}

void JinjaBudget::fail_steps() const {
  fail("more than " + std::to_string(JinjaLimits::steps) + " steps; shorten the conversation or use another template");
}

}  // namespace zlens
