// Per-sample scores, each by the rule of a published implementation. Free of torch.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace zlens {

// All views must outlive the call. Text is UTF-8; what is invalid counts as U+FFFD.
struct Scored {
  std::string_view prediction;
  std::span<const std::string> references;  // at least one; the best match counts
  std::span<const std::string> choices;     // multiple choice: the options
};

struct Metric {
  std::string_view name;
  std::string_view variant;  // which implementation's rule, with what is done to the prediction first; stated with every result
  double (*score)(const Scored&);  // 0..1; pure and thread-safe
};

// anls, anls_strict, relaxed_accuracy, exact_match, contains, numeric, choice.
std::span<const Metric> builtin_metrics();

// Throws InputError listing the known names.
const Metric& find_metric(std::string_view name);

}  // namespace zlens
