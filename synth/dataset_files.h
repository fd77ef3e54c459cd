// The files of a generated data set: a split file, transcripts and pictures. Free of torch and OpenCV.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "io/atomic_file.h"
#include "io/json.h"
#include "synth/sample.h"
#include "synth/split.h"

namespace zlens::synth {

// What data sets of every kind are asked for.
struct OutputOptions {
  std::filesystem::path out;  // created where missing
  std::uint64_t seed = 0;
  Split split = Split::Train;
  std::int64_t count = 0;                                            // of documents, 1 to 1,000,000
  std::function<void(std::int64_t done, std::int64_t of)> progress;  // after each document; may be empty
  std::function<bool()> stop;                                        // asked before each document; may be empty
};

// Throws InputError where so many documents cannot be generated.
void check_count(std::int64_t count);

// <kind>-<split>-<number>, six digits: the name of a document's files.
std::string document_name(std::string_view kind, Split split, std::int64_t index);

// A line of the split file: the keys of the task `jsonl`, `unseen`, and `facts`, the exact truth. The picture is
// images/<document>.png.
Json record_of(const std::string& id, const std::string& document, const Sample& sample, Json facts);

// Writes `out`/<split>.jsonl, `out`/transcripts/<document>.txt (what `--attach transcript` finds for the image) and
// `out`/images/<document>.png. Each file is written whole or not at all, the split file by `commit`: where it is, everything that
// it names is there. Throws Error where writing fails. Not thread-safe.
class DatasetFiles {
 public:
  // Throws InputError where the split is there already or a folder cannot be made.
  DatasetFiles(std::filesystem::path out, Split split, bool images);

  void write_transcript(const std::string& document, std::string_view text);
  void write_image(const std::string& document, std::string_view png);
  void write_record(const Json& record);
  void commit();

 private:
  std::filesystem::path out_;
  AtomicFile records_;
};

}  // namespace zlens::synth
