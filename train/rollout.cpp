#include "train/rollout.h"

#include <algorithm>
#include <numeric>

#include "text/answer_text.h"
#include "text/generate.h"

namespace zlens {
namespace {

// A row of the batch: answer number `answer` of sample `sample`.
struct Row {
  std::size_t sample, answer;
};

void fill_rows(const LanguageModel& model, std::span<const Row> rows, const std::shared_ptr<const ActiveMix>& mix, Caches& caches,
               const RolloutOptions& options, std::uint64_t first_stream, std::vector<Rollout>& out) {
  std::vector<TokenPrompt> prompts;
  std::vector<GrowingAnswer> growing;
  for (const Row& row : rows) {
    const TrainingSample& sample = out[row.sample].sample;
    prompts.push_back(model.under_mix(sample.prompt, mix, caches));
    prompts.back().share_whole();
    growing.emplace_back(model.tokenizer(), sample.one_line);
  }
  const TokenCallback on_token = [&](std::size_t row, const Choice& choice) {
    growing[row].push(choice.id);
    return growing[row].complete() ? Next::EndRow : Next::Continue;
  };
  std::vector<std::uint64_t> streams(rows.size());
  std::iota(streams.begin(), streams.end(), first_stream);
  const GenerateOptions generation{
      .max_new_tokens = options.max_new_tokens, .sampling = options.sampling, .stop_ids = model.stop_ids(), .streams = streams};
  auto generated = generate(model.decoder(), prompts, generation, mix, caches, on_token);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RolloutAnswer& answer = out[rows[i].sample].answers[rows[i].answer];
    answer.ids = std::move(generated[i].ids);
    answer.logprobs = std::move(generated[i].logprobs);
    answer.text = answer_text(model.tokenizer(), answer.ids, out[rows[i].sample].sample.one_line);
  }
}

}  // namespace

std::vector<Rollout> roll_out(const LanguageModel& model, std::vector<TrainingSample> samples,
                              const std::shared_ptr<const ActiveMix>& mix, const Reward& reward, Caches& caches,
                              const RolloutOptions& options) {
  std::vector<Rollout> out;
  std::vector<Row> rows;
  for (TrainingSample& sample : samples) {
    for (std::int64_t k = 0; k < options.answers; ++k) rows.push_back({out.size(), static_cast<std::size_t>(k)});
    out.push_back({std::move(sample), std::vector<RolloutAnswer>(static_cast<std::size_t>(options.answers))});
  }
  for (std::size_t first = 0; first < rows.size(); first += static_cast<std::size_t>(options.batch_rows)) {
    const std::size_t count = std::min(rows.size() - first, static_cast<std::size_t>(options.batch_rows));
    fill_rows(model, std::span(rows).subspan(first, count), mix, caches, options, first, out);
  }
  for (Rollout& rollout : out)
    for (RolloutAnswer& answer : rollout.answers) answer.reward = reward.score(rollout.sample, answer.text);
  return out;
}

}  // namespace zlens
