#include "synth/kinds.h"

#include <algorithm>
#include <array>

#include "io/error.h"

namespace zlens::synth {
namespace {

using View = std::string_view;

Document chart_of(Rng rng, Split split, const ChartOptions& options) {
  ChartSample made = make_chart(rng, split, options);
  return {std::move(made.chart), std::move(made.sample)};
}

Document sheet_of(Rng rng, Split split, const SheetOptions& options) {
  SheetSample made = make_sheet(rng, split, options);
  return {std::move(made.sheet), std::move(made.sample)};
}

Document receipt_of(Rng rng, Split split, const ReceiptOptions& options) {
  ReceiptSample made = make_receipt(rng, split, options);
  return {std::move(made.receipt), std::move(made.sample)};
}

Document chart(const Place& place, const KindOptions& options) {
  return chart_of(rng_at(place, "chart"), place.split, options.chart);
}

Document math(const Place& place, const KindOptions& options) {
  return sheet_of(rng_at(place, "math"), place.split, options.sheet);
}

Document receipt(const Place& place, const KindOptions&) {
  return receipt_of(rng_at(place, "receipt"), place.split, {.questions = ReceiptQuestions::Fields});
}

Document receipt_table(const Place& place, const KindOptions&) {
  return receipt_of(rng_at(place, "receipt-table"), place.split, {.questions = ReceiptQuestions::Table});
}

constexpr View kSameQuestion[] = {"What is the answer?", "What is the answer to the question in the picture?",
                                  "Which value is asked for?", "What is asked here, and what is the answer?",
                                  "Answer what is asked in the picture."};
constexpr View kSameQuestionUnseen[] = {"Reply to what the picture asks.", "What should be filled in here?"};

// Documents 3k, 3k+1 and 3k+2 are a receipt, a chart and a sheet under one question; what is really asked stands in the picture,
// so that nothing but the picture tells them apart.
Document mixed(const Place& place, const KindOptions& options) {
  Rng question_rng = rng_at({place.seed, place.split, place.index / 3}, "mixed question");
  const bool unseen = draw_unseen(question_rng, place.split);
  const Rng rng = rng_at(place, "mixed");
  ChartOptions with_note = options.chart;
  with_note.note_question = true;
  Document out;
  switch (place.index % 3) {
    case 0:
      out = receipt_of(rng, place.split, {.questions = ReceiptQuestions::Fields, .note_question = true});
      break;
    case 1:
      out = chart_of(rng, place.split, with_note);
      break;
    default:
      out = sheet_of(rng, place.split, {.exercises = 1, .word_share = options.sheet.word_share});
      break;
  }
  constexpr View kFields[] = {"document", "chart", "math"};
  out.sample.field = kFields[place.index % 3];
  out.sample.question = unseen ? question_rng.pick(kSameQuestionUnseen) : question_rng.pick(kSameQuestion);
  out.sample.unseen = out.sample.unseen || unseen;
  return out;
}

Document reading(const Place& place, const KindOptions&) {
  Rng rng = rng_at(place, "reading");
  NoteSample made = make_note(rng, place.split);
  return {std::move(made.note), std::move(made.sample), std::move(made.more)};
}

Document small_math(const Place& place, const KindOptions&) {
  Rng rng = rng_at(place, "small-math");
  SmallExerciseSample made = make_small_exercise(rng, place.split);
  return {std::move(made.exercise), std::move(made.sample)};
}

Document scene(const Place& place, const KindOptions&) {
  Rng rng = rng_at(place, "scene");
  SceneSample made = make_scene(rng, place.split);
  return {std::move(made.scene), std::move(made.sample), std::move(made.more)};
}

Document small_chart(const Place& place, const KindOptions& options) {
  Rng rng = rng_at(place, "small-chart");
  SmallChartSample made = make_small_chart(rng, place.split, options.chart);
  return {std::move(made.chart), std::move(made.sample), std::move(made.more)};
}

constexpr View kSameSmallQuestion[] = {"What is the answer?",    "Give the answer.",      "What is asked for here?",
                                       "Which answer is right?", "Reply to the picture.", "What belongs here?"};

// As `mixed`: a text (which is the answer), a chart with a brief question in the picture, an exercise.
Document small_mixed(const Place& place, const KindOptions& options) {
  Rng question_rng = rng_at({place.seed, place.split, place.index / 3}, "small-mixed question");
  constexpr View kParts[] = {"reading", "small-chart", "small-math"}, kFields[] = {"reading", "chart", "math"};
  const std::size_t part = place.index % 3;
  KindOptions of_part = options;
  if (part == 0) of_part.fields = {"string", "word", "number"};
  of_part.chart.note_question = true;
  Document out =
      find_kind(kParts[part]).make({mix_seeds(place.seed, stable_hash("small-mixed")), place.split, place.index}, of_part);
  out.sample.field = kFields[part];
  out.sample.question = question_rng.pick(kSameSmallQuestion);
  return out;
}

constexpr View kSmallChartFields[] = {"value", "extremum", "sum"};
constexpr View kSmallChartHeldBack[] = {"difference"};
constexpr View kSmallMathFields[] = {"addition", "subtraction", "multiplication", "division", "mixed"};
constexpr View kSmallMathHeldBack[] = {"equation"};
constexpr View kSceneFields[] = {"shape", "color", "count", "exists", "position"};
constexpr View kChartFields[] = {"value", "extremum", "difference", "sum"};
constexpr View kMathFields[] = {"addition", "subtraction", "multiplication", "division", "mixed", "decimal", "word"};
constexpr View kReceiptFields[] = {"company", "date", "total"};
constexpr View kTableFields[] = {"item sum", "item difference", "table sum", "change"};
constexpr View kReadingFields[] = {"string", "word", "number", "label", "document"};
constexpr View kReadingHeldBack[] = {"reversed"};

constexpr std::array<Kind, 10> kKinds = {{
    {"chart", "charts: values, extrema, differences, sums", kChartFields, {}, chart},
    {"math", "exercise sheets: arithmetic and word problems", kMathFields, {}, math},
    {"receipt", "receipts: company, date, total", kReceiptFields, {}, receipt},
    {"receipt-table",
     "receipts: sums, differences and change, which must be computed from their table",
     kTableFields,
     {},
     receipt_table},
    {"mixed", "a receipt, a chart and an exercise under the same question; the kind is the field", {}, {}, mixed},
    {"reading", "small pictures: strings, words, numbers, labels, small documents", kReadingFields, kReadingHeldBack, reading},
    {"small-math", "small pictures: an exercise, alone; equations by name", kSmallMathFields, kSmallMathHeldBack, small_math},
    {"scene", "small pictures: shapes, colors, counts, places", kSceneFields, {}, scene},
    {"small-chart", "small charts: values, extrema, sums; differences by name", kSmallChartFields, kSmallChartHeldBack,
     small_chart},
    {"small-mixed",
     "a text to be read, a small chart and an exercise under the same question; the kind is the field",
     {},
     {},
     small_mixed},
}};

constexpr std::uint64_t kMostAttempts = 10'000;

bool has(std::span<const View> names, View name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string joined(std::span<const View> names) {
  std::string out;
  for (const View name : names) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

void check_fields(const Kind& kind, std::span<const std::string> fields) {
  for (const std::string& field : fields) {
    if (has(kind.fields, field) || has(kind.held_back, field)) continue;
    const std::string more = kind.held_back.empty() ? "" : "; by name alone: " + joined(kind.held_back);
    const std::string known =
        kind.fields.empty() ? "has no fields to choose from" : "has no such field (known: " + joined(kind.fields) + more + ")";
    throw InputError("field '" + printable(field) + "': the kind " + std::string(kind.name) + " " + known);
  }
}

}  // namespace

Document Kind::make(const Place& place, const KindOptions& options) const {
  check_fields(*this, options.fields);
  const std::vector<std::string>& wanted = options.fields;
  for (std::uint64_t attempt = 0; attempt < kMostAttempts; ++attempt) {
    Place at = place;
    if (attempt > 0) at.seed = mix_seeds(place.seed, attempt);
    Document document = draw(at, options);
    const auto allowed = [&](const Sample& sample) {
      return wanted.empty() ? !has(held_back, sample.field) : std::find(wanted.begin(), wanted.end(), sample.field) != wanted.end();
    };
    std::erase_if(document.more, [&](const Sample& other) { return !allowed(other); });
    if (allowed(document.sample)) return document;
  }
  throw InputError("the kind " + std::string(name) + " gives no sample of the chosen fields with these options");
}

std::span<const Kind> kinds() {
  return kKinds;
}

const Kind& find_kind(std::string_view name) {
  std::string known;
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return kind;
    known += (known.empty() ? "" : ", ") + std::string(kind.name);
  }
  throw InputError("nothing generates the kind '" + printable(name) + "' (known: " + known + ", " + std::string(kTillKind) + ")");
}

Rng rng_at(const Place& place, std::string_view purpose) {
  const std::uint64_t stream = mix_seeds(stable_hash(purpose), stable_hash(split_name(place.split)));
  return Rng(mix_seeds(mix_seeds(place.seed, stream), place.index));
}

}  // namespace zlens::synth
