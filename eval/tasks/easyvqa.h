// easy-VQA (coloured shapes) as the package easy-vqa 1.0 ships it.
#pragma once

#include <memory>

#include "eval/task.h"

namespace zlens {

// `--data` holds `<split>/questions.json` ([[question, answer, image number], …]) and `<split>/images/<number>.png`. Ids are the
// positions in the file; the field is yes/no, color or shape, by the answer.
std::unique_ptr<const Task> make_easyvqa_task();

}  // namespace zlens
