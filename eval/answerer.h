// What evaluation asks of a model. Free of torch, so that the runner can be tested with a fake.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "eval/task.h"
#include "io/json.h"

namespace zlens {

struct Answer {
  std::string prediction;
  std::string prompt_sha256;  // of the token ids' text: the rendered prompt
  Json mix = Json::array();   // experts that were active: [{"expert": …, "weight": …}]; empty: the base
  Json why;                   // how a dispatcher came to the mix; null where nothing had to be decided
  double first_pass_s = 0;    // dispatch
  double second_pass_s = 0;   // answer, its share of a batch
  std::int64_t tokens = 0;    // generated
  std::string error;          // not empty: this sample failed, with this one-line reason
};

class Answerer {
 public:
  virtual ~Answerer() = default;
  // One answer a sample, in order. Failures of single samples are reported in Answer::error; what is thrown ends the run.
  virtual std::vector<Answer> answer(std::span<const Sample> samples) = 0;
  // The files that are read to answer it; they need not exist. Default: its images.
  virtual std::vector<std::filesystem::path> files(const Sample& sample) const { return sample.images; }
  // What shapes the answers: model, hashes, dtype, prompt, experts, …; goes into the run's config.json and must be equal on resume.
  virtual Json config() const = 0;
};

// Asked between steps of long work: true = stop as soon as the state is resumable.
using StopRequested = std::function<bool()>;

}  // namespace zlens
