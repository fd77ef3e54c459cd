// Where a training keeps its log and its checkpoint, and what of a training others decide.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "io/atomic_file.h"
#include "io/file_lock.h"
#include "io/json.h"
#include "train/train_state.h"

namespace zlens {

struct TrainHooks {
  std::function<bool()> stop;                                     // true: end after this step, resumable; may be empty
  std::function<void(std::int64_t step, std::int64_t all)> step;  // after each; may be empty
};

struct TrainRun {
  std::filesystem::path folder;
  Json identity;  // all that shapes the run: model, data, options, …
  bool resume = false;
  TrainHooks hooks;
};

// log.jsonl (its first line, of kind config, is the identity) and checkpoint.safetensors, locked against a second training. Not
// thread-safe.
class TrainingFolder {
 public:
  // Makes the folder. One that holds a checkpoint of the same identity goes on where `run.resume` says so: `state`, `parameters`
  // and `optimizer` are then what they were, and what the log holds beyond is cut off. Throws InputError where the checkpoint is
  // another training's, damaged, or not to be resumed.
  TrainingFolder(const TrainRun& run, TrainState& state, Parameters& parameters, AdamW& optimizer);

  bool resumed() const { return resumed_; }
  void log(const Json& line) { log_->append(line.dump()); }
  void save();  // atomically

 private:
  const std::filesystem::path folder_;
  std::string identity_;
  TrainState& state_;
  Parameters& parameters_;
  AdamW& optimizer_;
  FileLock lock_;
  std::unique_ptr<AppendFile> log_;
  bool resumed_ = false;
};

}  // namespace zlens
