#include "train/training_folder.h"

#include "io/error.h"
#include "io/sha256.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

fs::path made(const fs::path& folder) {
  fs::create_directories(folder);
  return folder;
}

}  // namespace

TrainingFolder::TrainingFolder(const TrainRun& run, TrainState& state, Parameters& parameters, AdamW& optimizer)
    : folder_(made(run.folder)),
      identity_(sha256_hex(run.identity.dump())),
      state_(state),
      parameters_(parameters),
      optimizer_(optimizer),
      lock_(folder_ / ".lock") {
  remove_stale_temporaries(folder_);  // of a training that was killed while it wrote
  const fs::path checkpoint = folder_ / "checkpoint.safetensors", log = folder_ / "log.jsonl";
  resumed_ = fs::exists(checkpoint);
  if (resumed_) {
    if (!run.resume) throw InputError(folder_.string() + ": holds a training already; --resume goes on with it");
    read_checkpoint(checkpoint, identity_, state_, parameters_, optimizer_);
    if (!fs::exists(log) || fs::file_size(log) < state_.log_bytes)
      throw InputError(log.string() + ": is shorter than its checkpoint says; the training cannot go on");
    fs::resize_file(log, state_.log_bytes);  // what came after the checkpoint is done again
  } else if (fs::exists(log)) {
    fs::resize_file(log, 0);
  }
  log_ = std::make_unique<AppendFile>(log);
  if (resumed_) return;
  Json line = run.identity;
  line["kind"] = "config";
  log_->append(line.dump());
}

void TrainingFolder::save() {
  log_->sync();
  state_.log_bytes = fs::file_size(folder_ / "log.jsonl");
  write_checkpoint(folder_ / "checkpoint.safetensors", identity_, state_, parameters_, optimizer_);
}

}  // namespace zlens
