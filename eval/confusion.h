// Which expert answered which kind of question.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eval/record.h"
#include "io/json.h"

namespace zlens {

// "base" for an empty mix and where no weight is above 0, else the expert with the largest weight (the first of equal ones).
std::string dominating_expert(const Json& mix);

struct ConfusionMatrix {
  std::vector<std::string> kinds;                 // rows: the right kind, by name; "base" last
  std::vector<std::string> experts;               // columns: those that are kinds, in the rows' order; the others by name; "base"
  std::vector<std::vector<std::int64_t>> counts;  // [kind][expert]

  // Samples whose kind is also an expert (or "base", for questions that fit none), and how many of them went there.
  std::int64_t judged = 0, right = 0;
};

// Of the records that have a field, which is the kind, and did not fail. Nothing where that says nothing: no mix in any record, or
// one expert for all while no kind has its name, or more than 64 kinds or experts.
std::optional<ConfusionMatrix> confusion_of(const std::vector<SampleRecord>& records);

// "right of judged (… %)", or nothing where none is judged.
std::string accuracy_text(const ConfusionMatrix& matrix);

// A drawing (see drawing.h): counts, shaded by their share of the row; right cells are framed.
std::string confusion_drawing(const ConfusionMatrix& matrix);

// The drawing with its title and accuracy, for a page's `panels`.
std::string confusion_panel(const ConfusionMatrix& matrix, std::string_view title);

// A table in GitHub's Markdown.
std::string confusion_markdown(const ConfusionMatrix& matrix);

}  // namespace zlens
