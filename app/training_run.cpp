#include "app/training_run.h"

#include <iostream>

#include "app/interrupt.h"

namespace zlens {

TrainingRun::TrainingRun(const po::variables_map& values, Json identity) {
  run_.folder = values.contains("work") ? text_of(values, "work") : required(values, "out") + ".train";
  run_.identity = std::move(identity);
  run_.resume = values.contains("resume");
  run_.hooks.stop = [] { return caught_signal() != 0; };
  run_.hooks.step = [this](std::int64_t step, std::int64_t all) {
    if (!progress_) progress_ = std::make_unique<Progress>("train", all, step - 1);
    progress_->update(step);
  };
}

void TrainingRun::finish(std::int64_t steps, bool interrupted) {
  progress_.reset();
  if (interrupted) std::cerr << "zlens: stopped after step " << steps << "; the same command with --resume goes on\n";
}

}  // namespace zlens
