#include "eval/texts.h"

#include <cstdio>

namespace zlens {
namespace {

void flatten(const Json& value, const std::string& at, std::map<std::string, std::string>& out) {
  if (!value.is_object() || value.empty()) {
    out[at] = plain_text(value);
    return;
  }
  for (const auto& [key, inner] : value.items()) flatten(inner, at.empty() ? key : at + "." + key, out);
}

}  // namespace

std::string number_text(const char* pattern, double value) {
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, pattern, value);
  return buffer[0] == '-' ? "\xE2\x88\x92" + std::string(buffer + 1) : buffer;
}

std::string plain_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::map<std::string, std::string> flat_settings(const Json& object) {
  std::map<std::string, std::string> out;
  if (!object.empty()) flatten(object, "", out);
  return out;
}

std::string p_text(double p) {
  return p < 0.0001 ? "<0.0001" : number_text("%.4f", p);
}

std::string interval_text(const char* pattern, const Estimate& estimate) {
  return number_text(pattern, estimate.low) + " \xE2\x80\xA6 " + number_text(pattern, estimate.high);
}

std::string run_letter(std::size_t run) {
  return std::string(1, static_cast<char>('A' + run));
}

}  // namespace zlens
