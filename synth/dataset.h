// Generated data as files that the task `jsonl` reads. Free of torch and OpenCV.
#pragma once

#include <functional>
#include <string>

#include "synth/dataset_files.h"
#include "synth/kinds.h"

namespace zlens::synth {

struct DatasetOptions : OutputOptions {
  KindOptions kind;
  // A document's picture as the bytes of a PNG file. Empty: no images are written, though the samples name them.
  std::function<std::string(const Document& document, const Place& place)> picture;
};

// Writes one sample for each document; sample and document have the same name (dataset_files.h). An interrupted call is simply
// repeated. False: stopped. Throws InputError where the split is there already, Error where writing fails.
bool write_dataset(const Kind& kind, const DatasetOptions& options);

}  // namespace zlens::synth
