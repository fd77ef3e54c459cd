// Methods of str.
#include <algorithm>
#include <map>
#include <span>

#include "io/python_text.h"
#include "io/utf8.h"
#include "text/jinja_args.h"
#include "text/jinja_format.h"
#include "text/jinja_methods.h"
#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

template <TextSide side>
JinjaValue strip(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "strip", {"chars"});
  const JinjaValue* chars = bound.given(0);
  if (chars && !chars->is_text()) budget.fail("strip takes text, not " + chars->type_name());
  const std::string_view kept = strip_text(budget, *self.text(), side, chars ? chars->text() : nullptr);
  budget.string_of(kept.size());
  return std::string(kept);
}

template <std::string (*map)(JinjaBudget&, std::string_view)>
JinjaValue mapped(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a case method", {});
  return map(budget, *self.text());
}

template <bool (*test)(JinjaBudget&, std::string_view)>
JinjaValue tested(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a test method", {});
  return test(budget, *self.text());
}

template <TextClass kind>
JinjaValue consists_of(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a test method", {});
  return is_text_of(budget, *self.text(), kind);
}

JinjaValue list_of(JinjaBudget& budget, const std::vector<std::string_view>& parts,
                   JinjaSequenceKind kind = JinjaSequenceKind::list) {
  std::vector<JinjaValue> items;
  items.reserve(parts.size());
  for (const std::string_view part : parts) {
    budget.bytes(part.size());
    items.emplace_back(std::string(part));
  }
  return make_sequence(budget, std::move(items), kind);
}

std::vector<std::string_view> split_at(JinjaBudget& budget, std::string_view text, std::string_view separator, std::int64_t most) {
  if (separator.empty()) budget.fail("empty separator");
  std::vector<std::string_view> parts;
  for (std::size_t found; most != 0 && (found = find_text(budget, text, separator)) != std::string_view::npos; --most) {
    budget.step();
    parts.push_back(text.substr(0, found));
    text.remove_prefix(found + separator.size());
  }
  parts.push_back(text);
  return parts;
}

// Separators are runs of white space; none at the ends.
std::vector<std::string_view> split_at_space(JinjaBudget& budget, std::string_view text, std::int64_t most) {
  std::vector<std::string_view> parts;
  text = strip_text(budget, text, TextSide::left);
  budget.bytes(4 * text.size());
  while (!text.empty()) {
    budget.step();
    if (most-- == 0) {
      parts.push_back(text);
      break;
    }
    std::size_t end = 0;
    while (end < text.size() && !python::is_space(decode_utf8(text.substr(end)).value)) end += decode_utf8(text.substr(end)).length;
    parts.push_back(text.substr(0, end));
    text = strip_text(budget, text.substr(end), TextSide::left);
  }
  return parts;
}

JinjaValue split(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "split", {"sep", "maxsplit"});
  const std::int64_t most = bound.integer(1, -1);
  if (!bound.given(0)) return list_of(budget, split_at_space(budget, *self.text(), most));
  return list_of(budget, split_at(budget, *self.text(), bound.text(0, ""), most));
}

// The last place of `needle` before `end`; linear, as find_text is: it looks for the reversed text.
class ReverseFinder {
 public:
  ReverseFinder(JinjaBudget& budget, std::string_view text, std::string_view needle)
      : budget_(budget), text_(text.rbegin(), text.rend()), needle_(needle.rbegin(), needle.rend()) {}
  std::size_t find(std::size_t end) const {
    const std::size_t found = find_text(budget_, text_, needle_, text_.size() - end);
    return found == std::string::npos ? found : text_.size() - found - needle_.size();
  }

 private:
  JinjaBudget& budget_;
  std::string text_, needle_;
};

JinjaValue rsplit(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "rsplit", {"sep", "maxsplit"});
  if (!bound.given(0) && bound.integer(1, -1) < 0) return split(budget, self, args);
  const std::string separator = bound.text(0, "");
  if (separator.empty()) budget.fail("rsplit needs a separator here");
  const std::string_view text = *self.text();
  budget.bytes(text.size());
  const ReverseFinder finder(budget, text, separator);
  std::vector<std::string_view> parts;
  std::size_t end = text.size();
  std::int64_t most = bound.integer(1, -1);
  for (std::size_t found; most != 0 && (found = finder.find(end)) != std::string::npos; --most) {
    budget.step();
    parts.push_back(text.substr(found + separator.size(), end - found - separator.size()));
    end = found;
  }
  parts.push_back(text.substr(0, end));
  std::reverse(parts.begin(), parts.end());
  return list_of(budget, parts);
}

JinjaValue splitlines(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "splitlines", {"keepends"});
  return list_of(budget, split_lines(budget, *self.text(), bound.truth(0, false)));
}

template <bool from_end>
JinjaValue partition(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "partition", {"sep"});
  const std::string_view text = *self.text();
  const std::string separator = bound.text(0, "");
  if (separator.empty()) budget.fail("empty separator");
  const std::size_t found =
      from_end ? ReverseFinder(budget, text, separator).find(text.size()) : find_text(budget, text, separator);
  std::vector<std::string_view> parts = {text, "", ""};
  if (from_end) std::swap(parts[0], parts[2]);
  if (found != std::string::npos) parts = {text.substr(0, found), separator, text.substr(found + separator.size())};
  return list_of(budget, parts, JinjaSequenceKind::tuple);
}

template <bool at_end>
JinjaValue has_affix(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, at_end ? "endswith" : "startswith", {"affix"});
  const JinjaValue& affix = bound.required(0);
  const JinjaSequence* list = affix.sequence();
  const bool several = list && list->kind == JinjaSequenceKind::tuple;
  for (const JinjaValue& one : several ? std::span(list->items) : std::span(&affix, 1)) {
    budget.step();
    if (!one.is_text()) budget.fail("startswith and endswith take text or a tuple of texts, not " + one.type_name());
    budget.bytes(one.text()->size());
    if (at_end ? self.text()->ends_with(*one.text()) : self.text()->starts_with(*one.text())) return true;
  }
  return false;
}

template <bool at_end>
JinjaValue without_affix(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, at_end ? "removesuffix" : "removeprefix", {"affix"});
  const std::string affix = (bound.required(0), bound.text(0, ""));
  std::string_view text = *self.text();
  budget.string_of(text.size());
  if (at_end && text.ends_with(affix)) text.remove_suffix(affix.size());
  if (!at_end && text.starts_with(affix)) text.remove_prefix(affix.size());
  return std::string(text);
}

JinjaValue replace(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "replace", {"old", "new", "count"});
  bound.required(1);
  return replace_text(budget, *self.text(), bound.text(0, ""), bound.text(1, ""), bound.integer(2, -1));
}

// Byte offset of the character with this index, Python's negative and too large ones included.
std::size_t offset_of(JinjaBudget& budget, std::string_view text, std::int64_t index) {
  const auto length = static_cast<std::int64_t>(count_characters(budget, text));
  if (index < 0) index = std::max<std::int64_t>(0, index + length);
  std::size_t offset = 0;
  for (; index > 0 && offset < text.size(); --index) offset += decode_utf8(text.substr(offset)).length;
  return offset;
}

std::int64_t place_of(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args, bool last) {
  const JinjaBinding bound(budget, args, "find", {"sub", "start", "end"});
  bound.required(0);
  std::string_view text = *self.text();
  if (bound.given(2)) text = text.substr(0, offset_of(budget, text, bound.integer(2, 0)));
  const std::size_t start = bound.given(1) ? offset_of(budget, text, bound.integer(1, 0)) : 0;
  const std::string needle = bound.text(0, "");
  std::size_t found = find_text(budget, text, needle, start);
  if (last && found != std::string::npos) found = ReverseFinder(budget, text, needle).find(text.size());
  return found == std::string::npos ? -1 : static_cast<std::int64_t>(count_characters(budget, text.substr(0, found)));
}

template <bool last, bool must_exist>
JinjaValue find(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const std::int64_t place = place_of(budget, self, args, last);
  if (must_exist && place < 0) budget.fail("substring not found");
  return place;
}

JinjaValue count(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "count", {"sub"});
  bound.required(0);
  const std::string needle = bound.text(0, "");
  if (needle.empty()) return static_cast<std::int64_t>(count_characters(budget, *self.text()) + 1);
  return static_cast<std::int64_t>(split_at(budget, *self.text(), needle, -1).size() - 1);
}

JinjaValue join(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "join", {"iterable"});
  std::string out;
  bool first = true;
  for (const JinjaValue& item : iterate(budget, bound.required(0))) {
    if (!item.is_text()) budget.fail("join takes texts, not " + item.type_name());
    budget.string_of(out.size() > JinjaLimits::string_bytes ? out.size() : self.text()->size() + item.text()->size());
    if (!std::exchange(first, false)) out += *self.text();
    out += *item.text();
  }
  budget.string_of(out.size());
  return out;
}

JinjaValue format(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  return format_braces(budget, *self.text(), args);
}

// Alignment '<', '>' or 'c' as str.ljust, rjust and center; 'z' as zfill.
template <char alignment>
JinjaValue padded(JinjaBudget& budget, const JinjaValue& self, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "padding", {"width", "fillchar"});
  bound.required(0);
  const std::string fill = bound.text(1, " ");
  if (count_characters(budget, fill) != 1) budget.fail("the fill character must be exactly one character long");
  return pad_text(budget, *self.text(), {.alignment = alignment, .width = bound.integer(0, 0), .fill = fill});
}

}  // namespace

JinjaMethod find_text_method(const std::string& name) {
  static const std::map<std::string, JinjaMethod, std::less<>> methods = {
      {"strip", strip<TextSide::both>},
      {"lstrip", strip<TextSide::left>},
      {"rstrip", strip<TextSide::right>},
      {"lower", mapped<lower_text>},
      {"casefold", mapped<fold_text>},
      {"upper", mapped<upper_text>},
      {"title", mapped<title_text>},
      {"capitalize", mapped<capitalize_text>},
      {"islower", tested<is_lower_text>},
      {"isupper", tested<is_upper_text>},
      {"isalpha", consists_of<TextClass::alpha>},
      {"isdigit", consists_of<TextClass::digit>},
      {"isalnum", consists_of<TextClass::alnum>},
      {"isspace", consists_of<TextClass::space>},
      {"split", split},
      {"rsplit", rsplit},
      {"splitlines", splitlines},
      {"partition", partition<false>},
      {"rpartition", partition<true>},
      {"startswith", has_affix<false>},
      {"endswith", has_affix<true>},
      {"removeprefix", without_affix<false>},
      {"removesuffix", without_affix<true>},
      {"replace", replace},
      {"find", find<false, false>},
      {"rfind", find<true, false>},
      {"index", find<false, true>},
      {"rindex", find<true, true>},
      {"count", count},
      {"join", join},
      {"format", format},
      {"ljust", padded<'<'>},
      {"rjust", padded<'>'>},
      {"center", padded<'c'>},
      {"zfill", padded<'z'>},
  };
  const auto found = methods.find(name);
  return found == methods.end() ? nullptr : found->second;
}

}  // namespace zlens
