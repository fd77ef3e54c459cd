// Data sets of till receipts, invented or after a user's own, each asked for company, date and total. Free of torch and OpenCV.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "synth/dataset_files.h"
#include "synth/till.h"
#include "synth/till_folder.h"
#include "synth/till_variants.h"

namespace zlens::synth {

// Receipts for training: those of train.json whose merchants are not held out and whose parts are found.
std::vector<Original> originals_of(const std::vector<FolderReceipt>& receipts);

// An endless stream of receipts; its splits share none (company, date and total together), whatever the seed. Equal arguments give
// equal receipts, in any order. Thread-safe.
class TillStream {
 public:
  // A part `share` of the receipts, 0 to 1, are variants of `originals`, the others are invented; all are invented where there are
  // no originals.
  TillStream(std::uint64_t seed, Split split, std::vector<Original> originals = {}, double share = 0);

  Till make(std::uint64_t index) const;

 private:
  std::uint64_t seed_;
  Split split_;
  std::vector<Original> originals_;
  std::vector<std::string> names_;  // of the originals' companies, each once
  double share_;
};

struct TillOptions : OutputOptions {          // split train or val
  std::optional<std::filesystem::path> from;  // a folder of receipts (till_folder.h)
  double from_share = 0.5;
};

struct TillCounts {
  std::int64_t receipts = 0, samples = 0;
};

// Train, and val without `from`: `count` receipts of a TillStream with three questions each. Val with `from`: all receipts of the
// folder's held-out merchants as they are, with the folder's questions, `count` of them or all (0). Pictures are named, not drawn.
// Nothing: stopped. Throws InputError on bad options and files, Error where writing fails.
std::optional<TillCounts> write_till_dataset(const TillOptions& options);

}  // namespace zlens::synth
