#include "eval/summary.h"

namespace zlens {

Json summarize(std::string_view task, std::string_view metric, const std::vector<SampleRecord>& records) {
  Mean score, tokens;
  std::map<std::string, Mean> fields;
  std::int64_t failed = 0;
  double first_pass_s = 0, second_pass_s = 0;
  for (const SampleRecord& record : records) {
    if (record.score) {
      score.add(*record.score);
      if (!record.field.empty()) fields[record.field].add(*record.score);
    }
    tokens.add(static_cast<double>(record.tokens));
    first_pass_s += record.first_pass_s;
    second_pass_s += record.second_pass_s;
    if (!record.error.empty()) ++failed;
  }
  Json by_field = Json::object(), samples_by_field = Json::object();
  for (const auto& [name, mean] : fields) {
    by_field[name] = mean.json();
    samples_by_field[name] = mean.count;
  }
  const auto samples = static_cast<std::int64_t>(records.size());
  return {{"task", task},
          {"metric", metric},
          {"score", score.json()},
          {"by_field", by_field},
          {"samples_by_field", samples_by_field},
          {"samples", samples},
          {"failed", failed},
          {"unscored", samples - score.count},
          {"tokens_mean", tokens.json()},
          {"first_pass_s", first_pass_s},
          {"second_pass_s", second_pass_s}};
}

}  // namespace zlens
