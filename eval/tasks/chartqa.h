// ChartQA as its authors distribute it.
#pragma once

#include <memory>

#include "eval/task.h"

namespace zlens {

// `--data` holds `<split>/<split>_human.json`, `<split>/<split>_augmented.json` ([{"imgname", "query", "label"}]) and
// `<split>/png/`, or the folder `ChartQA Dataset` that does. Ids are `human-0` …, the field is human or augmented.
std::unique_ptr<const Task> make_chartqa_task();

}  // namespace zlens
