// A user's own data set: one JSON object a line.
#pragma once

#include <memory>

#include "eval/task.h"

namespace zlens {

// `--data` names the file, or the folder that holds `<split>.jsonl`. Keys: `id` (string or integer; else the line's number),
// `question`, `images` (list; or `image`, one name), `answers` (list; or `answer`, one), optional `metric`, `choices` (with them
// the metric is `choice` unless given), `field`; others are ignored. Image names may be absolute: the file is the user's own.
std::unique_ptr<const Task> make_jsonl_task();

}  // namespace zlens
