#include "synth/kinds.h"

namespace zlens::synth {
namespace {

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
  Json operator()(const Note& note) const {
    Json lines = Json::array();
    for (const NoteLine& line : note.lines) lines.push_back({{"key", line.key}, {"value", line.value}});
    return {{"kind", "reading"}, {"shown", note.field}, {"heading", note.heading}, {"lines", std::move(lines)}};
  }
  Json operator()(const SmallExercise& small) const {
    return {{"kind", "small-math"}, {"exercise", small.shown}, {"answer", small.exercise.answer.text()}};
  }
  Json operator()(const Scene& scene) const {
    Json shapes = Json::array();
    for (const SceneShape& shape : scene.shapes)
      shapes.push_back({{"shape", kShapes[shape.shape].one},
                        {"color", kColours[shape.colour].name},
                        {"place", place_of(shape)},
                        {"x", shape.x},
                        {"y", shape.y},
                        {"radius", shape.radius}});
    return {{"kind", "scene"}, {"shapes", std::move(shapes)}};
  }
  Json operator()(const SmallChart& small) const { return (*this)(small.chart); }
};

}  // namespace

Json to_json(const Facts& facts) {
  return std::visit(Writer(), facts);
}

}  // namespace zlens::synth
