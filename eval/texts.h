// Numbers, scores and settings as text for tables and pages.
#pragma once

#include <map>
#include <string>

#include "eval/statistics.h"
#include "io/json.h"

namespace zlens {

// printf's text of one double: number_text("%.2f", 1) is "1.00"; a leading minus is typographic. `pattern` takes exactly one
// double.
std::string number_text(const char* pattern, double value);

// A string's own text, else JSON.
std::string plain_text(const Json& value);

// The object's values by dotted path: {"a": {"b": 1}} gives {"a.b": "1"}.
std::map<std::string, std::string> flat_settings(const Json& object);

// "0.0312"; below 0.0001 "<0.0001".
std::string p_text(double p);

// "low … high".
std::string interval_text(const char* pattern, const Estimate& estimate);

// Runs of a comparison are called A, B, C …
std::string run_letter(std::size_t run);

}  // namespace zlens
