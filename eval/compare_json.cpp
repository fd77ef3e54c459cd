#include "eval/compare.h"

namespace zlens {
namespace {

Json json_of(const ComparedGroup& group);
Json json_of(const std::vector<ChangedSample>& samples);

Json json_of(const Estimate& estimate) {
  return {{"mean", estimate.mean}, {"low", estimate.low}, {"high", estimate.high}};
}

Json json_of(const Difference& difference) {
  Json json = json_of(difference.estimate);
  json.update({{"p", difference.p},
               {"mcnemar",
                {{"only_first", difference.mcnemar.only_first},
                 {"only_second", difference.mcnemar.only_second},
                 {"exact_p", difference.mcnemar.exact_p},
                 {"mid_p", difference.mcnemar.mid_p}}},
               {"wins", difference.wins},
               {"losses", difference.losses},
               {"ties", difference.ties}});
  return json;
}

Json json_of(const ChangedSample& sample) {
  return {{"id", sample.id},
          {"field", sample.field},
          {"question", sample.question},
          {"references", sample.references},
          {"predictions", {sample.predictions[0], sample.predictions[1]}},
          {"scores", {sample.scores[0], sample.scores[1]}}};
}

template <typename Item>
Json list_of(const std::vector<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items) list.push_back(json_of(item));
  return list;
}

Json json_of(const ComparedGroup& group) {
  return {{"name", group.name},
          {"samples", group.samples},
          {"clusters", group.clusters},
          {"scores", list_of(group.scores)},
          {"differences", list_of(group.differences)}};
}

Json json_of(const std::vector<ChangedSample>& samples) {
  return list_of(samples);
}

}  // namespace

Json to_json(const Comparison& comparison) {
  const Resampling& resampling = comparison.options.resampling;
  return {{"runs", comparison.runs},
          {"task", comparison.task},
          {"split", comparison.split},
          {"metric", comparison.metric},
          {"metric_variant", comparison.metric_variant},
          {"missing", comparison.missing},
          {"failed", comparison.failed},
          {"unscored", comparison.unscored},
          {"cluster", comparison.options.cluster_by_image ? "image" : "none"},
          {"threshold", comparison.options.threshold},
          {"resamples", resampling.count},
          {"seed", resampling.seed},
          {"level", resampling.level},
          {"groups", list_of(comparison.groups)},
          {"gains", list_of(comparison.gains)},
          {"losses", list_of(comparison.losses)},
          {"settings", comparison.settings}};
}

}  // namespace zlens
