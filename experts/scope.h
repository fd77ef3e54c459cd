// Where in a sequence an expert acts.
#pragma once

#include "experts/expert.h"

namespace zlens {

// True where it acts from the tokens that open the answer on, and the base reads the prompt: the record's scope is `answer`.
inline bool acts_on_answer_only(const Expert& expert) {
  const auto scope = expert.record.find("scope");
  return scope != expert.record.end() && scope->second == "answer";
}

}  // namespace zlens
