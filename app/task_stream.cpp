#include "app/task_stream.h"

#include <algorithm>
#include <map>

#include "io/error.h"

namespace zlens {

TaskStream::TaskStream(std::vector<Sample> samples, Source source)
    : samples_(std::move(samples)), source_(std::move(source)), prepared_(samples_.size()) {}

TrainingSample TaskStream::prepare(const Sample& sample) const {
  Request request{.question = sample.question, .choices = sample.choices, .prompt = source_.prompt};
  for (const auto& image : sample.images) request.inputs.push_back({"image", image});
  PreparedRequest prepared;
  try {
    prepared = source_.preparer->prepare(request);
  } catch (const InputError& error) {
    throw InputError("sample '" + sample.id + "': " + error.what());
  }
  if (source_.asks) prepared.prompt = source_.asks(prepared);
  TrainingSample out{.id = sample.id,
                     .group = sample.image_names.empty() ? "" : sample.image_names.front(),
                     .field = sample.field,
                     .prompt = source_.preparer->model().under_mix(prepared.prompt, nullptr, caches_),
                     .one_line = prepared.one_line,
                     .references = sample.references,
                     .choices = sample.choices,
                     .metric = sample.metric.empty() ? source_.metric : sample.metric};
  return out;
}

TrainingSample TaskStream::at(std::size_t index) const {
  {
    const std::lock_guard lock(mutex_);
    if (prepared_.at(index)) return *prepared_[index];
  }
  auto sample = std::make_unique<const TrainingSample>(prepare(samples_[index]));
  const std::lock_guard lock(mutex_);
  if (!prepared_[index]) prepared_[index] = std::move(sample);
  return *prepared_[index];
}

std::size_t TaskStream::group_end(std::size_t index) const {
  std::size_t end = index + 1;
  while (end < samples_.size() && !samples_[end].images.empty() && samples_[end].images == samples_[index].images) ++end;
  return end;
}

std::vector<Sample> select_samples(std::vector<Sample> samples, const std::vector<std::string>& fields) {
  if (!fields.empty())
    std::erase_if(samples,
                  [&](const Sample& sample) { return std::find(fields.begin(), fields.end(), sample.field) == fields.end(); });
  std::map<std::vector<std::filesystem::path>, std::size_t> first;
  std::vector<std::pair<std::size_t, std::size_t>> order;  // first sample of the group, own place
  for (std::size_t i = 0; i < samples.size(); ++i)
    order.emplace_back(samples[i].images.empty() ? i : first.emplace(samples[i].images, i).first->second, i);
  std::sort(order.begin(), order.end());
  std::vector<Sample> out;
  for (const auto& [group, own] : order) out.push_back(std::move(samples[own]));
  return out;
}

}  // namespace zlens
