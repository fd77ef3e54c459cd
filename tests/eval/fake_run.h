// A task and an answerer without any model.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "eval/answerer.h"
#include "eval/runner.h"
#include "tests/eval/support.h"

namespace zlens::test {

// `count` samples over every third one's image, some without references.
class FakeTask : public Task {
 public:
  explicit FakeTask(int count, std::string salt = "") : count_(count), salt_(std::move(salt)) {}
  std::string_view name() const override { return "fake"; }
  std::string_view description() const override { return "a fake"; }
  std::string_view metric() const override { return "anls"; }
  std::string_view prompt() const override { return "plain"; }
  std::int64_t max_new_tokens() const override { return 8; }
  std::vector<Sample> read(const std::filesystem::path& data, const std::string&) const override {
    std::vector<Sample> samples;
    for (int i = 0; i < count_; ++i) {
      Sample sample;
      sample.id = "id" + std::to_string(i);
      sample.field = i % 2 == 0 ? "even" : "odd";
      sample.question = "question " + std::to_string(i) + salt_;
      sample.image_names = {"page" + std::to_string(i % 3) + ".png"};
      sample.images = {data / sample.image_names[0]};
      if (i % 5 != 4) sample.references = {"answer " + std::to_string(i), "zwölf"};
      samples.push_back(sample);
    }
    return samples;
  }

 private:
  int count_;
  std::string salt_;
};

// Its answers depend on the batch they are asked in, as a real model's may by rounding; its times never repeat.
class FakeAnswerer : public Answerer {
 public:
  std::vector<Answer> answer(std::span<const Sample> samples) override {
    if (batches_left == 0) throw std::runtime_error("killed");
    if (batches_left > 0) --batches_left;
    std::string batch;
    for (const Sample& sample : samples) batch += sample.id + " ";
    asked.push_back(batch);
    std::vector<Answer> answers;
    for (const Sample& sample : samples) {
      Answer answer;
      answer.prediction = " answer " + sample.id.substr(2) + (samples.size() % 2 == 1 ? "" : "x") + "\n";
      answer.prompt_sha256 = "prompt of " + sample.question + " in " + batch;
      answer.mix = {{{"expert", "a \"b\""}, {"weight", 0.25}}};
      answer.why = {{"dispatch", "prompt"}, {"confidence", 0.75}};
      answer.first_pass_s = clock += 0.001;
      answer.second_pass_s = clock += 0.001;
      answer.tokens = static_cast<std::int64_t>(sample.id.size());
      if (sample.id == "id7") answer.error = "image\nunreadable \xFF";
      answers.push_back(answer);
    }
    return answers;
  }
  Json config() const override { return {{"model", model}, {"threads", 2}}; }

  int batches_left = -1;  // -1: no end
  std::string model = "m";
  std::vector<std::string> asked;
  static inline double clock = 0;
};

// `json` without keys that end in `_s`, at every depth.
inline Json without_times(const Json& json) {
  if (json.is_array()) {
    Json out = Json::array();
    for (const Json& item : json) out.push_back(without_times(item));
    return out;
  }
  if (!json.is_object()) return json;
  Json out = Json::object();
  for (const auto& [key, value] : json.items()) {
    if (!key.ends_with("_s")) out[key] = without_times(value);
  }
  return out;
}

// All that a finished run says, times aside.
inline std::string state_of(const std::filesystem::path& run) {
  std::string out = without_times(read_json_file(run / "config.json")).dump() + "\n" +
                    without_times(read_json_file(run / "summary.json")).dump() + "\n";
  const std::string log = read(run / "samples.jsonl");
  for (std::size_t begin = 0; begin < log.size();) {
    const std::size_t end = log.find('\n', begin);
    out += without_times(parse_json(std::string_view(log).substr(begin, end - begin), "line")).dump() + "\n";
    begin = end + 1;
  }
  return out;
}

inline RunOptions options_for(const std::filesystem::path& out, bool resume = false) {
  RunOptions options;
  options.data = "data";
  options.split = "val";
  options.out = out;
  options.resume = resume;
  options.batch_size = 3;
  options.prompt_name = "plain";
  options.prompt_sha256 = "00ff";
  options.seed = 5;
  return options;
}

}  // namespace zlens::test
