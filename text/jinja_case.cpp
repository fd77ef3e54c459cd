// Python's case rules within a template's budget.
#include "io/python_case.h"
#include "io/utf8.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

std::string mapped(JinjaBudget& budget, std::string_view text, std::u32string (*map)(std::u32string_view)) {
  budget.bytes(4 * text.size());
  std::string out = to_utf8(map(to_utf32(text)));
  budget.string_of(out.size());
  return out;
}

}  // namespace

std::string lower_text(JinjaBudget& budget, std::string_view text) {
  return mapped(budget, text, python::lower);
}

std::string upper_text(JinjaBudget& budget, std::string_view text) {
  return mapped(budget, text, python::upper);
}

std::string fold_text(JinjaBudget& budget, std::string_view text) {
  return mapped(budget, text, python::casefold);
}

std::string capitalize_text(JinjaBudget& budget, std::string_view text) {
  return mapped(budget, text, python::capitalize);
}

std::string title_text(JinjaBudget& budget, std::string_view text) {
  return mapped(budget, text, python::title);
}

bool is_lower_text(JinjaBudget& budget, std::string_view text) {
  budget.bytes(4 * text.size());
  return python::is_lower(to_utf32(text));
}

bool is_upper_text(JinjaBudget& budget, std::string_view text) {
  budget.bytes(4 * text.size());
  return python::is_upper(to_utf32(text));
}

}  // namespace zlens
