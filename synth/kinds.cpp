#include "synth/kinds.h"

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

constexpr std::array<Kind, 5> kKinds = {{
    {"chart", "charts: values, extrema, differences, sums", chart},
    {"math", "exercise sheets: arithmetic and word problems", math},
    {"receipt", "receipts: company, date, total", receipt},
    {"receipt-table", "receipts: sums, differences and change, which must be computed from their table", receipt_table},
    {"mixed", "a receipt, a chart and an exercise under the same question; the kind is the field", mixed},
}};

Json values_json(const Chart& chart) {
  Json out = Json::array();
  for (const auto& row : chart.values) {
    Json texts = Json::array();
    for (const Decimal value : row) texts.push_back(value.text());
    out.push_back(std::move(texts));
  }
  return out;
}

struct Writer {
  Json operator()(const Chart& chart) const {
    return {{"kind", "chart"},
            {"chart", chart_kind_name(chart.kind)},
            {"title", chart.title},
            {"measure", chart.measure},
            {"unit", chart.unit},
            {"axis", chart.category_noun},
            {"legend", chart.series_noun},
            {"categories", chart.categories},
            {"series", chart.series},
            {"values", values_json(chart)}};
  }
  Json operator()(const Sheet& sheet) const {
    Json exercises = Json::array();
    for (std::size_t i = 0; i < sheet.exercises.size(); ++i)
      exercises.push_back({{"text", sheet.line(i)}, {"answer", sheet.exercises[i].answer.text()}});
    return {{"kind", "math"}, {"title", sheet.title}, {"exercises", std::move(exercises)}, {"asked", sheet.asked + 1}};
  }
  Json operator()(const Receipt& receipt) const {
    Json items = Json::array();
    for (const ReceiptItem& item : receipt.items) items.push_back({{"name", item.name}, {"price", item.price.text()}});
    return {{"kind", "receipt"},           {"shop", receipt.shop},        {"address", receipt.address},
            {"date", receipt.date},        {"items", std::move(items)},   {"total", receipt.total().text()},
            {"cash", receipt.cash.text()}, {"currency", receipt.currency}};
  }
};

}  // namespace

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

Json to_json(const Facts& facts) {
  return std::visit(Writer(), facts);
}

}  // namespace zlens::synth
