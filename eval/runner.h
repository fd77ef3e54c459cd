// One evaluation from data to a finished run folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "eval/answerer.h"
#include "eval/task.h"
#include "io/json.h"

namespace zlens {

struct RunOptions {
  std::filesystem::path data;
  std::string split;
  std::filesystem::path out;  // the run folder
  bool resume = false;
  std::set<std::string> exclude;  // ids of samples to leave out: shots of a few-shot mix
  std::int64_t limit = 0;         // only the data set's first samples; 0: all
  std::int64_t batch_size = 1;    // samples an Answerer gets at once; 1 to 4096
  std::string prompt_name, prompt_sha256;
  std::uint64_t seed = 0;
  StopRequested stop;  // may be empty
  // Called after each batch with the samples done, all of them, and those an earlier run had done; may be empty.
  std::function<void(std::int64_t done, std::int64_t total, std::int64_t already)> progress;
};

struct RunResult {
  Json summary;              // as in summary.json; null where interrupted
  std::int64_t samples = 0;  // done, earlier runs included
  std::int64_t failed = 0;   // of these
  bool interrupted = false;  // stop was requested; --resume goes on
};

// Samples in the order in which they are asked, cut into batches: those about the same images stand together, otherwise the data
// set's order. Indices into `samples`. Depends on nothing but its arguments, so a resumed run has the batches of an uninterrupted
// one.
std::vector<std::vector<std::size_t>> plan_batches(const std::vector<Sample>& samples, std::int64_t batch_size);

// SHA-256 over all that the samples say (not over the image files).
std::string samples_sha256(const std::vector<Sample>& samples);

// SHA-256 over the bytes of the files that are read for the samples, each once, wherever they lie. What cannot be read counts as
// such.
std::string files_sha256(const std::vector<Sample>& samples,
                         const std::function<std::vector<std::filesystem::path>(const Sample&)>& files_of);

// Reads the samples, asks `answerer` batch by batch, stores each record as it comes, and finishes the folder. On resume a batch
// counts only with all of its records; others are asked again. Throws InputError and Error as RunFolder and Task::read do, and what
// the answerer throws; the folder then stays resumable.
RunResult run_evaluation(const Task& task, Answerer& answerer, const RunOptions& options);

}  // namespace zlens
