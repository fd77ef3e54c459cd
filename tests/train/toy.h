// A tiny model and tasks that it can learn in a second.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <string>
#include <vector>

#include "experts/base_hash.h"
#include "experts/factors.h"
#include "experts/sample_stream.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"

namespace zlens {

struct ToyModel {
  ToyModel()
      : single_thread([] {
          at::set_num_threads(1);
          return true;
        }()),
        model(load_model_fixture("llama3", folder.path())),
        factors(model, base_hash(*model, folder / "cache"), folder / "cache") {}
  bool single_thread;  // tiny products: threads would only wait for each other
  TemporaryFolder folder;
  std::shared_ptr<LanguageModel> model;
  FactorStore factors;
};

// Two questions about each of `texts`; the answer is always "x".
class ToyStream : public SampleStream {
 public:
  explicit ToyStream(std::size_t texts) : texts_(texts) {}
  std::size_t size() const override { return 2 * texts_; }
  std::size_t group_end(std::size_t index) const override { return index / 2 * 2 + 2; }
  TrainingSample at(std::size_t index) const override {
    TrainingSample sample{.id = std::to_string(index), .group = std::to_string(index / 2), .field = index % 2 ? "odd" : "even"};
    for (std::int32_t i = 0; i < 20; ++i) sample.prompt.ids.push_back(3 + (7 * static_cast<std::int32_t>(index / 2) + 5 * i) % 90);
    sample.prompt.ids.push_back(index % 2 ? 40 : 41);
    sample.prompt.ids.push_back(42);
    sample.references = {"x"};
    return sample;
  }

 private:
  std::size_t texts_;
};

// The fraction of characters that are letters of the second half of the alphabet: a tiny model's random text has spread in it.
class LateLetters : public Reward {
 public:
  double score(const TrainingSample&, const std::string& answer) const override {
    const auto late =
        std::count_if(answer.begin(), answer.end(), [](char c) { return (c >= 'N' && c <= 'Z') || (c >= 'n' && c <= 'z'); });
    return answer.empty() ? 0 : static_cast<double>(late) / static_cast<double>(answer.size());
  }
};

class NoReward : public Reward {
 public:
  double score(const TrainingSample&, const std::string&) const override { return 0; }
};

}  // namespace zlens
