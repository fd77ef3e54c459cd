// A task's samples as what training learns from. Internal to app/: shows torch.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/request_preparer.h"
#include "eval/prompt_template.h"
#include "eval/task.h"
#include "experts/sample_stream.h"

namespace zlens {

// Prepares each sample's prompt at its first use and keeps it. Samples about the same images are one group. Owns none of what it is
// made from.
class TaskStream : public SampleStream {
 public:
  struct Source {
    const RequestPreparer* preparer = nullptr;
    const PromptTemplate* prompt = nullptr;
    std::string metric;  // where a sample names none
    // What the model is asked instead of the request itself; may be empty.
    std::function<TokenPrompt(const PreparedRequest&)> asks;
  };
  TaskStream(std::vector<Sample> samples, Source source);

  std::size_t size() const override { return samples_.size(); }
  TrainingSample at(std::size_t index) const override;
  std::size_t group_end(std::size_t index) const override;
  const std::string& id(std::size_t index) const { return samples_.at(index).id; }

 private:
  TrainingSample prepare(const Sample& sample) const;

  std::vector<Sample> samples_;
  Source source_;
  mutable std::mutex mutex_;
  mutable Caches caches_;
  mutable std::vector<std::unique_ptr<const TrainingSample>> prepared_;
};

// The samples whose field is in `fields` (empty: all), those about the same images together, else in the data's order.
std::vector<Sample> select_samples(std::vector<Sample> samples, const std::vector<std::string>& fields);

}  // namespace zlens
