// Training runs as a page: for each task (and its data) one panel with the validation score and the training reward against the
// base.
#pragma once

#include <string>
#include <vector>

#include "eval/training_log.h"

namespace zlens {

// The panel's drawing: logs of one task, each in its colour. `logs` must not be empty.
std::string training_chart(const std::vector<const TrainingLog*>& logs);

// The whole page of logs, at least one: needs nothing else, as report.h's.
std::string render_training(const std::vector<TrainingLog>& logs);

}  // namespace zlens
