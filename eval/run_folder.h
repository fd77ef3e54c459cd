// The folder of one evaluation: config.json, samples.jsonl, summary.json, and the lock that keeps a second process out.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eval/record.h"
#include "io/atomic_file.h"
#include "io/file_lock.h"
#include "io/json.h"

namespace zlens {

// A record with where it stands in samples.jsonl.
struct StoredRecord {
  std::size_t offset = 0;  // of its line's first byte
  SampleRecord record;
};

// The records of a samples.jsonl, in the file's order; none where it does not exist. A last line without its newline is a torn
// write and left out. Identical records of one id are merged. Throws InputError naming the byte offset of a line that is damaged
// or that differs from an earlier one of the same id.
std::vector<StoredRecord> read_records(const std::filesystem::path& file);

// A run as it stands in its folder.
struct StoredRun {
  std::string name;  // the folder, as it was named
  Json config;
  std::vector<SampleRecord> records;
  bool finished = true;
};

// Reads the run `folder`, also an unfinished one. Throws InputError where it holds none.
StoredRun read_run(const std::filesystem::path& folder);

// Throws InputError listing, one after another, the keys in which the two differ ("prompt.sha256: stored …, now …").
void require_same_config(const Json& stored, const Json& now, const std::filesystem::path& file);

// A run that is being written. Not thread-safe.
class RunFolder {
 public:
  // Creates the folder where missing and locks it. Where it holds a run already, `resume` must be set and `config` equal to the
  // stored one (key `data`, a path, aside); else InputError. Throws Error where another process holds the lock.
  RunFolder(std::filesystem::path folder, const Json& config, bool resume);

  // What is stored. The caller decides which of it counts; `keep` makes the log exactly that.
  const std::vector<StoredRecord>& stored() const { return stored_; }
  void keep(const std::vector<SampleRecord>& records);

  // Appends; durable after 32 records or one second, whichever comes first, and after `sync`.
  void append(const SampleRecord& record);
  void sync();

  // Replaces the log by all records in the data set's order, then writes the summary.
  void finish(const std::vector<SampleRecord>& records, const Json& summary);

 private:
  void write_log(const std::vector<SampleRecord>& records);
  std::filesystem::path folder_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<AppendFile> log_;
  std::vector<StoredRecord> stored_;
  int unsynced_ = 0;
  std::chrono::steady_clock::time_point synced_;
};

}  // namespace zlens
