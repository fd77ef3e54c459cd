#include "text/tokenizer_normalizer.h"

#include <utility>

#include "io/error.h"
#include "text/pre_tokenizer.h"
#include "text/token_model.h"
#include "text/unicode_text.h"

namespace zlens {
namespace {

using Step = TextNormalizer::Step;

Step normal_form_step(NormalForm form) {
  return [form](const std::string& text) { return to_normal_form(text, form); };
}

std::string short_string(const JsonFields& fields, const char* key) {
  std::string text = fields.string(key);
  if (text.size() > TokenizerLimits::max_replacement)
    fields.fail(std::string(key) + " has " + std::to_string(text.size()) + " bytes");
  return text;
}

Step prepend_step(std::string prefix) {
  return [prefix = std::move(prefix)](std::string text) { return text.empty() ? text : prefix + text; };
}

Step replace_step(const JsonFields& fields) {
  return [pattern = pattern_from_json(fields.object("pattern")),
          content = short_string(fields, "content")](const std::string& text) { return replace_matches(text, pattern, content); };
}

void append_steps(const JsonFields& fields, std::vector<Step>& steps) {
  if (steps.size() >= TokenizerLimits::max_steps) fields.fail("too many normalizers");
  const std::string type = fields.string("type");
  if (type == "Sequence") {
    const Json& parts = fields.array("normalizers");
    for (std::size_t i = 0; i < parts.size(); ++i) append_steps({parts[i], fields.where() + "[" + std::to_string(i) + "]"}, steps);
  } else if (type == "NFC") {
    steps.push_back(normal_form_step(NormalForm::Nfc));
  } else if (type == "NFD") {
    steps.push_back(normal_form_step(NormalForm::Nfd));
  } else if (type == "NFKC") {
    steps.push_back(normal_form_step(NormalForm::Nfkc));
  } else if (type == "NFKD") {
    steps.push_back(normal_form_step(NormalForm::Nfkd));
  } else if (type == "Lowercase") {
    steps.push_back([](const std::string& text) { return to_lower(text); });
  } else if (type == "Prepend") {
    steps.push_back(prepend_step(short_string(fields, "prepend")));
  } else if (type == "Replace") {
    steps.push_back(replace_step(fields));
  } else {
    fields.fail("unknown normalizer " + printable(type));
  }
}

}  // namespace

TextNormalizer::TextNormalizer(std::vector<Step> steps) : steps_(std::move(steps)) {}

std::string TextNormalizer::operator()(std::string text) const {
  const std::size_t limit = 4096 + TokenizerLimits::max_growth * text.size();
  for (const Step& step : steps_) {
    text = step(std::move(text));
    if (text.size() > limit) {
      throw InputError("the tokenizer's normalizer makes the text more than " + std::to_string(TokenizerLimits::max_growth) +
                       " times longer; the tokenizer file is broken");
    }
  }
  return text;
}

std::string replace_matches(std::string_view text, const TokenPattern& pattern, std::string_view content) {
  std::string out;
  out.reserve(text.size());
  for (const PatternSpan& span : pattern(text)) out += span.match ? content : text.substr(span.begin, span.end - span.begin);
  return out;
}

TextNormalizer normalizer_from_json(const JsonFields& fields) {
  std::vector<Step> steps;
  append_steps(fields, steps);
  return TextNormalizer(std::move(steps));
}

}  // namespace zlens
