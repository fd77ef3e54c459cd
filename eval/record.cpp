#include "eval/record.h"

#include <cmath>

#include "eval/metrics.h"
#include "io/error.h"
#include "io/python_text.h"
#include "io/utf8.h"

namespace zlens {
namespace {

template <typename Value>
Value value_of(const Json& json, const char* key) {
  try {
    return json.at(key).get<Value>();
  } catch (const Json::exception&) {
    throw InputError("key '" + std::string(key) + "' is missing or of the wrong kind");
  }
}

std::string valid_utf8(const std::string& text) {
  return is_valid_utf8(text) ? text : to_utf8(to_utf32(text));
}

std::optional<double> read_score(const Json& json) {
  if (json.contains("score") && json["score"].is_null()) return std::nullopt;
  const auto score = value_of<double>(json, "score");
  if (!(score >= 0 && score <= 1)) throw InputError("key 'score' is not in 0..1");
  return score;
}

}  // namespace

std::optional<double> score_sample(const Sample& sample, std::string_view prediction, std::string_view metric) {
  if (sample.references.empty()) return std::nullopt;
  const Metric& rule = find_metric(sample.metric.empty() ? metric : sample.metric);
  return rule.score({prediction, sample.references, sample.choices});
}

SampleRecord make_record(const Sample& sample, const Answer& answer, std::string_view metric) {
  SampleRecord record;
  record.id = sample.id;
  record.field = sample.field;
  record.question = sample.question;
  record.images = sample.image_names;
  record.prompt_sha256 = answer.prompt_sha256;
  record.prediction = python::strip_utf8(answer.prediction);
  record.references = sample.references;
  record.mix = answer.mix;
  record.why = answer.why;
  // JSON knows no NaN; a time is no reason to lose an answer.
  record.first_pass_s = std::isfinite(answer.first_pass_s) ? answer.first_pass_s : 0;
  record.second_pass_s = std::isfinite(answer.second_pass_s) ? answer.second_pass_s : 0;
  record.tokens = answer.tokens;
  record.error = valid_utf8(answer.error);
  record.score = score_sample(sample, record.prediction, metric);
  if (!record.error.empty() && record.score) record.score = 0;  // without references nothing is scored
  return record;
}

Json to_json(const SampleRecord& record) {
  Json json = {{"id", record.id},
               {"field", record.field},
               {"question", record.question},
               {"images", record.images},
               {"prompt_sha256", record.prompt_sha256},
               {"prediction", record.prediction},
               {"references", record.references},
               {"score", record.score ? Json(*record.score) : Json()},
               {"mix", record.mix},
               {"first_pass_s", record.first_pass_s},
               {"second_pass_s", record.second_pass_s},
               {"tokens", record.tokens}};
  if (!record.why.is_null()) json["why"] = record.why;
  if (!record.error.empty()) json["error"] = record.error;
  return json;
}

SampleRecord record_from_json(const Json& json) {
  SampleRecord record;
  record.id = value_of<std::string>(json, "id");
  record.field = value_of<std::string>(json, "field");
  record.question = value_of<std::string>(json, "question");
  record.images = value_of<std::vector<std::string>>(json, "images");
  record.prompt_sha256 = value_of<std::string>(json, "prompt_sha256");
  record.prediction = value_of<std::string>(json, "prediction");
  record.references = value_of<std::vector<std::string>>(json, "references");
  record.score = read_score(json);
  record.mix = value_of<Json>(json, "mix");
  record.first_pass_s = value_of<double>(json, "first_pass_s");
  record.second_pass_s = value_of<double>(json, "second_pass_s");
  record.tokens = value_of<std::int64_t>(json, "tokens");
  if (json.contains("why")) record.why = json["why"];
  if (json.contains("error")) record.error = value_of<std::string>(json, "error");
  return record;
}

}  // namespace zlens
