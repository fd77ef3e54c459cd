#include "eval/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "eval/levenshtein.h"
#include "eval/multiple_choice.h"
#include "io/error.h"
#include "io/python_case.h"
#include "io/python_text.h"
#include "io/utf8.h"

namespace zlens {
namespace {

using View = std::u32string_view;

struct NormalizedText {
  std::u32string text;
  std::size_t length;  // what distances are divided by
};

// The RRC script divides by the upper-cased raw text: white space that it does not compare still counts.
NormalizedText raw_length_text(std::string_view raw) {
  const std::u32string wide = to_utf32(raw);
  return {python::collapse(python::lower(wide)), python::upper_length(wide)};
}

NormalizedText collapsed_length_text(std::string_view raw) {
  std::u32string text = python::collapse(python::lower(to_utf32(raw)));
  const std::size_t length = python::upper_length(text);
  return {std::move(text), length};
}

// Distance / length, or 1 where it must be over one half anyway.
double normalized_distance(const NormalizedText& a, const NormalizedText& b) {
  const std::size_t length = std::max(a.length, b.length);
  if (length == 0) return 0;
  const std::size_t at_least = std::max(a.text.size(), b.text.size()) - std::min(a.text.size(), b.text.size());
  if (2 * at_least > length) return 1;
  return static_cast<double>(levenshtein(a.text, b.text)) / static_cast<double>(length);
}

double smallest_distance(const Scored& scored, NormalizedText (*normalize)(std::string_view)) {
  const NormalizedText prediction = normalize(scored.prediction);
  double smallest = 1;
  for (const std::string& reference : scored.references) {
    smallest = std::min(smallest, normalized_distance(normalize(reference), prediction));
  }
  return smallest;
}

double anls(const Scored& scored) {
  const double similarity = 1 - smallest_distance(scored, raw_length_text);
  return similarity < 0.5 ? 0 : similarity;
}

double anls_strict(const Scored& scored) {
  const double distance = smallest_distance(scored, collapsed_length_text);
  return distance < 0.5 ? 1 - distance : 0;
}

template <typename Matches>
double any_reference(const Scored& scored, const Matches& matches) {
  return std::any_of(scored.references.begin(), scored.references.end(), matches) ? 1 : 0;
}

// A number, or a percentage as its hundredth.
std::optional<double> number_or_percentage(View text) {
  if (!text.ends_with(U'%')) return python::parse_float(text);
  while (text.ends_with(U'%')) text.remove_suffix(1);
  const std::optional<double> value = python::parse_float(text);
  return value ? std::optional(*value / 100) : std::nullopt;
}

bool relaxed_match(View prediction, View target) {
  const std::optional<double> predicted = number_or_percentage(prediction), wanted = number_or_percentage(target);
  if (predicted && wanted && *wanted != 0) return std::abs(*predicted - *wanted) / std::abs(*wanted) <= 0.05;
  return python::lower(prediction) == python::lower(target);
}

double relaxed_accuracy(const Scored& scored) {
  const std::u32string prediction = to_utf32(scored.prediction);
  return any_reference(scored,
                       [&](const std::string& target) { return relaxed_match(python::strip(prediction), to_utf32(target)); });
}

bool is_ascii_punctuation(char32_t c) {
  return (c >= 0x21 && c <= 0x2F) || (c >= 0x3A && c <= 0x40) || (c >= 0x5B && c <= 0x60) || (c >= 0x7B && c <= 0x7E);
}

std::u32string without_punctuation(View text) {
  std::u32string out = python::lower(text);
  std::erase_if(out, is_ascii_punctuation);
  return out;
}

double exact_match(const Scored& scored) {
  const std::u32string wide = to_utf32(scored.prediction);
  const std::u32string prediction = without_punctuation(python::strip(wide));
  return any_reference(scored, [&](const std::string& target) { return without_punctuation(to_utf32(target)) == prediction; });
}

std::u32string one_line(std::string_view text) {
  const std::u32string lowered = python::lower(to_utf32(text));
  std::u32string out(python::strip(lowered));
  std::replace(out.begin(), out.end(), U'\n', U' ');
  return out;
}

double contains(const Scored& scored) {
  const std::u32string prediction = one_line(scored.prediction);
  return any_reference(scored,
                       [&](const std::string& target) { return prediction.find(one_line(target)) != std::u32string::npos; });
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

// The last number that stands in the text: digits, commas between them ignored, one decimal point, which may come first but for
// letters and points before it; a sign that follows no digit.
std::optional<double> last_number(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0 && !is_digit(text[end - 1])) --end;
  std::size_t begin = end;
  bool point = false;
  for (; begin > 0; --begin) {
    const char c = text[begin - 1];
    const bool inside = begin > 1 && is_digit(text[begin - 2]);
    if (c == '.' && !point && is_digit(text[begin]) && (inside || begin == 1 || !is_word(text[begin - 2]))) {
      point = true;
    } else if (!is_digit(c) && !(c == ',' && inside)) {
      break;
    }
  }
  std::string number(text.substr(begin, end - begin));
  std::erase(number, ',');
  const bool negative = begin > 0 && text[begin - 1] == '-' && (begin == 1 || !is_digit(text[begin - 2]));
  const std::optional<double> value = python::parse_float(to_utf32(number));
  return value && negative ? -*value : value;
}

double numeric(const Scored& scored) {
  const std::optional<double> predicted = last_number(scored.prediction);
  return any_reference(scored, [&](const std::string& target) {
    const std::optional<double> wanted = last_number(target);
    return predicted && wanted && *predicted == *wanted;
  });
}

double choice(const Scored& scored) {
  const char chosen = chosen_option(scored.prediction, scored.choices);
  return any_reference(
      scored, [&](const std::string& target) { return chosen != 0 && chosen == reference_option(target, scored.choices); });
}

constexpr std::array<Metric, 7> kMetrics = {{
    {"anls", "RRC script and lmms-eval 0.7.3: threshold 0.5 kept, length of the raw upper-cased text", anls},
    {"anls_strict", "anls 0.0.2: 0.5 itself scores 0, length of the collapsed text", anls_strict},
    {"relaxed_accuracy", "pix2struct and lmms-eval 0.7.3: 5 % of the target inclusive, prediction stripped", relaxed_accuracy},
    {"exact_match", "lmms-eval 0.7.3 for GQA: case and ASCII punctuation ignored, prediction stripped", exact_match},
    {"contains", "OCRBench: any reference inside the prediction, case ignored", contains},
    {"numeric", "zlens 1: last number of the prediction equals the reference's", numeric},
    {"choice", "zlens 1: option text, else lmms-eval 0.7.3 mcq_extract, else the only option contained", choice},
}};

}  // namespace

std::span<const Metric> builtin_metrics() {
  return kMetrics;
}

const Metric& find_metric(std::string_view name) {
  std::string known;
  for (const Metric& metric : kMetrics) {
    if (metric.name == name) return metric;
    known += (known.empty() ? "" : ", ") + std::string(metric.name);
  }
  throw InputError("unknown metric '" + std::string(name) + "'; known: " + known);
}

}  // namespace zlens
