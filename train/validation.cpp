#include "train/validation.h"

#include <algorithm>

namespace zlens {
namespace {

constexpr std::size_t kSamplesAtOnce = 16;

}  // namespace

void MeanReward::add(const Rollout& rollout) {
  Sum& sum = by_field_[rollout.sample.field];
  sum.rewards += rollout.answers.front().reward;
  ++sum.count;
}

ValidationScore MeanReward::score() const {
  ValidationScore out;
  Sum all;
  for (const auto& [field, sum] : by_field_) {
    out.by_field[field] = sum.rewards / sum.count;
    all.rewards += sum.rewards;
    all.count += sum.count;
  }
  if (all.count > 0) out.score = all.rewards / all.count;
  return out;
}

Validation::Validation(const LanguageModel& model, const TrainData& data, const TrainOptions& options)
    : model_(model), data_(data), options_(options), base_prefixes_(options.answer_only ? options.reading_bytes : 0) {}

ValidationScore Validation::run(const std::shared_ptr<const ActiveMix>& mix) {
  const std::size_t all = data_.validation->size(), limit = static_cast<std::size_t>(options_.validation_limit);
  const std::size_t count = limit > 0 ? std::min(all, limit) : all;
  Caches fresh;
  const RolloutOptions rollout{.answers = 1, .max_new_tokens = options_.max_new_tokens};
  MeanReward mean;
  for (std::size_t first = 0; first < count; first += kSamplesAtOnce) {
    std::vector<TrainingSample> batch;
    for (std::size_t i = first; i < std::min(count, first + kSamplesAtOnce); ++i) batch.push_back(data_.validation->at(i));
    const bool base_reads = mix && mix->answer_only;
    for (const Rollout& one : roll_out(model_, std::move(batch), mix, *data_.reward, base_reads ? base_prefixes_ : fresh, rollout))
      mean.add(one);
  }
  return mean.score();
}

}  // namespace zlens
