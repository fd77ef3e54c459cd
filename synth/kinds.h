// The kinds of generated data, by name: endless streams of documents with questions. Free of torch and OpenCV.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "io/json.h"
#include "synth/chart.h"
#include "synth/exercises.h"
#include "synth/reading.h"
#include "synth/receipt.h"
#include "synth/scene.h"
#include "synth/small_chart.h"
#include "synth/small_math.h"

namespace zlens::synth {

// What a picture is drawn from.
using Facts = std::variant<Chart, Sheet, Receipt, Note, SmallExercise, Scene, SmallChart>;

struct Document {
  Facts facts;
  Sample sample;
  std::vector<Sample> more = {};  // further questions about the same facts, perhaps equal ones
};

struct KindOptions {
  ChartOptions chart;
  SheetOptions sheet;
  std::vector<std::string> fields;  // samples of these alone; empty: of all that the kind does not hold back
};

// Which document: equal places give equal documents, on every platform and in any order.
struct Place {
  std::uint64_t seed = 0;
  Split split = Split::Train;
  std::uint64_t index = 0;
};

struct Kind {
  std::string_view name, description;
  std::span<const std::string_view> fields;     // of its samples; none where they cannot be chosen
  std::span<const std::string_view> held_back;  // more of them, which come only where they are asked for: tasks for a model that
                                                // has never seen them
  Document (*draw)(const Place& place, const KindOptions& options);  // of any field

  // The document of the place. Pure and thread-safe; throws InputError on bad options.
  Document make(const Place& place, const KindOptions& options = {}) const;
};

// Till receipts have three samples each, so they are no `Kind`: synth/till_dataset.h.
inline constexpr std::string_view kTillKind = "till";

// chart, math, receipt, receipt-table, mixed; small pictures: reading, small-math, scene, small-chart, small-mixed.
std::span<const Kind> kinds();
const Kind& find_kind(std::string_view name);  // throws InputError listing the known names

// The random numbers of one document; `purpose` keeps the streams of one place apart.
Rng rng_at(const Place& place, std::string_view purpose);

// The exact truth of a document, for data files: {"kind": "chart", …}; numbers as strings, as they are printed.
Json to_json(const Facts& facts);

}  // namespace zlens::synth
