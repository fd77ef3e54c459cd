// Data sets in the JSON of DocVQA's authors.
#pragma once

#include <memory>
#include <string>

#include "eval/task.h"

namespace zlens {

struct TaskDescription {
  std::string name, description, metric, prompt;
  std::int64_t max_new_tokens = 0;
};

// `--data` holds `<split>.json`, else a single `<split>_v*.json`: {"data": [{"questionId", "question", "image", "answers", …}]};
// ids are strings or numbers, answers may be absent (test splits), `field` is optional, images are relative to the json's folder.
std::unique_ptr<const Task> make_docvqa_task(TaskDescription description);

}  // namespace zlens
