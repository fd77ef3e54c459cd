// The one list of tasks that ship.
#include "eval/task.h"
#include "eval/tasks/chartqa.h"
#include "eval/tasks/docvqa.h"
#include "eval/tasks/easyvqa.h"
#include "eval/tasks/jsonl.h"

namespace zlens {

TaskRegistry builtin_tasks() {
  TaskRegistry tasks;
  tasks.add(make_docvqa_task({"docvqa", "DocVQA: <split>.json or <split>_v*.json, images beside it; anls", "anls", "plain", 64}));
  tasks.add(make_docvqa_task(
      {"nlvr", "NLVR statements as yes/no questions in DocVQA's JSON; exact_match", "exact_match", "vqa-brief", 16}));
  tasks.add(make_chartqa_task());
  tasks.add(make_easyvqa_task());
  tasks.add(make_jsonl_task());
  return tasks;
}

}  // namespace zlens
