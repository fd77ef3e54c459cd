// Generated data as files that the task `jsonl` reads. Free of torch and OpenCV.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "synth/kinds.h"

namespace zlens::synth {

struct DatasetOptions {
  std::filesystem::path out;  // created where missing
  std::uint64_t seed = 0;
  Split split = Split::Train;
  std::int64_t count = 0;  // 1 to 1,000,000
  KindOptions kind;
  // A document's picture as the bytes of a PNG file. Empty: no images are written, though the samples name them.
  std::function<std::string(const Document& document, const Place& place)> picture;
  std::function<void(std::int64_t done)> progress;  // after each sample; may be empty
  std::function<bool()> stop;                       // asked before each sample; may be empty
};

// Writes `out`/<split>.jsonl, `out`/transcripts/<id>.txt (what `--attach transcript` finds for the image) and, with a picture,
// `out`/images/<id>.png; <id> is <kind>-<split>-<number>. Beside the keys of the task every line has `facts`, the exact truth, and
// `unseen`. Each file is written whole or not at all, <split>.jsonl last: where it is, everything that it names is there, and an
// interrupted call is simply repeated. False: stopped. Throws InputError where the split is there already, Error where writing
// fails.
bool write_dataset(const Kind& kind, const DatasetOptions& options);

}  // namespace zlens::synth
