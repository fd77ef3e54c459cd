#include "text/generate.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "io/error.h"
#include "support/checkpoint.h"
#include "text/score_answers.h"

namespace zlens {
namespace {

class Generate : public testing::Test {
 protected:
  std::vector<Generation> run(const GenerateOptions& options, const TokenCallback& callback = {}) {
    return generate(*loaded_.decoder, prompts_, options, nullptr, caches_, callback);
  }
  LoadedDecoder loaded_ = load_decoder_fixture("llama3");
  std::vector<TokenPrompt> prompts_ = {{.ids = {5, 6, 7}}, {.ids = {9, 10, 11, 12, 13}}};
  Caches caches_;
};

TEST_F(Generate, StopIdsEndTheirRowOnly) {
  const auto free = run({.max_new_tokens = 12});
  const std::int32_t stop = free[0].ids[4];
  const auto stopped = run({.max_new_tokens = 12, .stop_ids = {stop}});
  EXPECT_EQ(stopped[0].ids.back(), stop);
  EXPECT_LE(stopped[0].ids.size(), 5U);
  EXPECT_EQ(stopped[0].reason, FinishReason::Stop);
  for (std::size_t row = 0; row < 2; ++row)
    EXPECT_TRUE(std::equal(stopped[row].ids.begin(), stopped[row].ids.end(), free[row].ids.begin()))
        << "other rows must not notice";
}

TEST_F(Generate, CallbackStopsWithinItsToken) {
  int calls = 0;
  const auto out =
      run({.max_new_tokens = 50}, [&](std::size_t, const Choice&) { return ++calls < 3 ? Next::Continue : Next::EndAll; });
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(out[0].ids.size() + out[1].ids.size(), 3U);
  EXPECT_EQ(out[0].reason, FinishReason::Cancelled);
}

TEST_F(Generate, CallbackEndsOneRowAndLeavesTheOthers) {
  const auto free = run({.max_new_tokens = 12});
  int first_row = 0;
  const auto out = run({.max_new_tokens = 12}, [&](std::size_t row, const Choice&) {
    return row == 0 && ++first_row == 4 ? Next::EndRow : Next::Continue;
  });
  EXPECT_EQ(out[0].ids.size(), 4U);
  EXPECT_EQ(out[0].reason, FinishReason::Stop);
  EXPECT_EQ(out[1].ids, free[1].ids);
}

TEST_F(Generate, SamplingIsReproducibleAndDependsOnTheSeed) {
  const GenerateOptions options{.max_new_tokens = 20, .sampling = {.temperature = 1, .seed = 3}};
  EXPECT_EQ(run(options)[0].ids, run(options)[0].ids);
  GenerateOptions other = options;
  other.sampling.seed = 4;
  EXPECT_NE(run(options)[0].ids, run(other)[0].ids);
}

TEST_F(Generate, RefusesWhatCannotBeAnswered) {
  prompts_[1].ids.clear();
  EXPECT_THROW(run({}), InputError);
  prompts_[1].ids.assign(static_cast<std::size_t>(loaded_.decoder->config().max_position_embeddings), 1);
  EXPECT_THROW(run({}), InputError);
  prompts_[1].ids = {1};
  EXPECT_THROW(run({.max_new_tokens = 0}), InputError);
  EXPECT_THROW(run({.sampling = {.temperature = -1}}), InputError);
  EXPECT_THROW(run({.sampling = {.temperature = std::nan("")}}), InputError);
  EXPECT_THROW(run({.sampling = {.top_p = 0}}), InputError);
}

TEST_F(Generate, AnswersThatTheModelCannotHoldAreNotScored) {
  const Decoder& decoder = *loaded_.decoder;
  const auto vocabulary = static_cast<std::int32_t>(decoder.config().vocab_size);
  const auto room = static_cast<std::size_t>(decoder.config().max_position_embeddings);
  const auto score = [&](const std::vector<std::vector<std::int32_t>>& answers) {
    return score_answers(decoder, prompts_[0], answers, nullptr, caches_).logprobs;
  };
  const auto reason = [&](const std::vector<std::vector<std::int32_t>>& answers) -> std::string {
    try {
      score(answers);
      return "scored";
    } catch (const InputError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(score({{vocabulary - 1}, {0}}).size(), 2U);
  EXPECT_NE(reason({{5}, {vocabulary}}).find(std::to_string(vocabulary)), std::string::npos);
  EXPECT_NE(reason({{5, vocabulary + 1000, 5}}).find("embeddings"), std::string::npos);
  EXPECT_NE(reason({{-1}}).find("id -1"), std::string::npos);
  EXPECT_EQ(score({std::vector<std::int32_t>(room - prompts_[0].ids.size(), 5)}).size(), 1U);
  EXPECT_NE(reason({std::vector<std::int32_t>(room - prompts_[0].ids.size() + 1, 5)}).find("context"), std::string::npos);
}

TEST(Sampling, FrequenciesFollowTheDistribution) {
  const at::Tensor logits = at::tensor({0.0F, 1.0F, 2.0F, -30.0F});
  std::mt19937_64 stream = sampling_stream(1, 0);
  std::map<std::int32_t, int> counts;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) ++counts[choose(logits, at::logsumexp(logits, 0).item<float>(), {.temperature = 2}, stream).id];
  const at::Tensor expected = at::softmax(logits / 2, 0);
  for (std::int32_t id = 0; id < 3; ++id) EXPECT_NEAR(counts[id] / double{kDraws}, expected[id].item<float>(), 0.015) << id;
  EXPECT_EQ(counts.count(3), 0U);
}

TEST(Sampling, NucleusDropsTheTail) {
  const at::Tensor logits = at::log(at::tensor({0.5F, 0.3F, 0.15F, 0.05F}));
  std::mt19937_64 stream = sampling_stream(2, 0);
  for (int i = 0; i < 2000; ++i)
    EXPECT_LE(choose(logits, at::logsumexp(logits, 0).item<float>(), {.temperature = 1, .top_p = 0.79}, stream).id, 1);
}

TEST(Sampling, LogProbabilityIsOfTheUntemperedDistribution) {
  const at::Tensor logits = at::tensor({0.3F, -1.0F, 2.0F});
  std::mt19937_64 stream = sampling_stream(2, 0);
  EXPECT_NEAR(choose(logits, at::logsumexp(logits, 0).item<float>(), {}, stream).logprob,
              at::log_softmax(logits, 0)[2].item<float>(), 1e-6);
  EXPECT_THROW(choose(at::tensor({std::nanf(""), 1.0F}), std::nanf(""), {}, stream), Error);
}

}  // namespace
}  // namespace zlens
