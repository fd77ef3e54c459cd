#include "train/validation.h"

#include <algorithm>

namespace zlens {
namespace {

constexpr std::size_t kSamplesAtOnce = 16;

}  // namespace

Validation::Validation(const LanguageModel& model, const TrainData& data, const TrainOptions& options)
    : model_(model), data_(data), options_(options), base_prefixes_(options.answer_only ? options.reading_bytes : 0) {}

ValidationScore Validation::run(const std::shared_ptr<const ActiveMix>& mix) {
  const std::size_t all = data_.validation->size(), limit = static_cast<std::size_t>(options_.validation_limit);
  const std::size_t count = limit > 0 ? std::min(all, limit) : all;
  Caches fresh;
  const RolloutOptions rollout{.answers = 1, .max_new_tokens = options_.max_new_tokens};
  ValidationScore out;
  std::map<std::string, double> samples;
  for (std::size_t first = 0; first < count; first += kSamplesAtOnce) {
    std::vector<TrainingSample> batch;
    for (std::size_t i = first; i < std::min(count, first + kSamplesAtOnce); ++i) batch.push_back(data_.validation->at(i));
    const bool base_reads = mix && mix->answer_only;
    for (const Rollout& one :
         roll_out(model_, std::move(batch), mix, *data_.reward, base_reads ? base_prefixes_ : fresh, rollout)) {
      out.score += one.answers.front().reward;
      out.by_field[one.sample.field] += one.answers.front().reward;
      ++samples[one.sample.field];
    }
  }
  if (count > 0) out.score /= static_cast<double>(count);
  for (auto& [field, score] : out.by_field) score /= samples.at(field);
  return out;
}

}  // namespace zlens
