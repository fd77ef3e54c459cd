// How the command runs a training: where it works, how it is stopped, what is shown.
#pragma once

#include <memory>

#include "app/command_line.h"
#include "eval/progress.h"
#include "train/training_folder.h"

namespace zlens {

// --out, --work, --resume; Ctrl-C; a progress bar. Must outlive the training.
class TrainingRun {
 public:
  TrainingRun(const po::variables_map& values, Json identity);
  const TrainRun& get() const { return run_; }
  // Ends the bar; after an interrupted training says how to go on.
  void finish(std::int64_t steps, bool interrupted);

 private:
  std::unique_ptr<Progress> progress_;
  TrainRun run_;
};

}  // namespace zlens
