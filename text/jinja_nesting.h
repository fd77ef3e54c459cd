// Bound on the interpreter's own recursion.
#pragma once

#include <string>

#include "text/jinja_budget.h"

namespace zlens {

// Counts one level as long as it lives. Fails past the limit.
class JinjaNesting {
 public:
  JinjaNesting(const JinjaBudget& budget, int& level) : level_(level) {
    if (level_ >= JinjaLimits::call_depth) {
      budget.fail("calls nest deeper than " + std::to_string(JinjaLimits::call_depth) + " levels");
    }
    ++level_;
  }
  ~JinjaNesting() { --level_; }
  JinjaNesting(const JinjaNesting&) = delete;
  JinjaNesting& operator=(const JinjaNesting&) = delete;

 private:
  int& level_;
};

}  // namespace zlens
