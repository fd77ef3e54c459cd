// Every decoder family against transformers 5.23.0 (goldens: tests/fixtures/make_decoders.py).
#include "text/decoder.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "support/checkpoint.h"
#include "text/generate.h"

namespace zlens {
namespace {

constexpr double kTolerance = 1e-4;

class DecoderFamily : public testing::TestWithParam<std::string> {
 protected:
  DecoderFamily() : loaded_(load_decoder_fixture(GetParam())), golden_(decoder_golden(GetParam())) {}

  const Decoder& decoder() const { return *loaded_.decoder; }
  std::vector<std::int32_t> prompt(std::int64_t from, std::int64_t to) const { return ids_of(golden_.at("input_ids"), from, to); }

  LoadedDecoder loaded_;
  std::map<std::string, at::Tensor> golden_;
};

TEST_P(DecoderFamily, LogitsOfAFullForward) {
  const at::Tensor logits = prompt_logits(decoder(), {.ids = prompt(0, 48)}, nullptr);
  EXPECT_LT(max_difference(logits, golden_.at("logits")), kTolerance);
}

TEST_P(DecoderFamily, GreedyTokensAndTheirLogProbabilities) {
  Caches caches;
  const std::vector<TokenPrompt> prompts = {{.ids = prompt(0, 12)}};
  const Generation out = generate(decoder(), prompts, {.max_new_tokens = 32}, nullptr, caches).front();
  EXPECT_EQ(out.ids, ids_of(golden_.at("greedy"), 0, 32));
  for (std::size_t i = 0; i < out.logprobs.size(); ++i)
    EXPECT_NEAR(out.logprobs[i], golden_.at("greedy_logprobs")[static_cast<std::int64_t>(i)].item<float>(), kTolerance) << i;
}

TEST_P(DecoderFamily, CachedStepsEqualTheFullForward) {
  Context context(KvCache(decoder().kv_shape(), 1, 4));
  const at::Tensor ids = golden_.at("input_ids").unsqueeze(0);
  std::vector<at::Tensor> logits;
  std::int64_t at = 0;
  for (const std::int64_t tokens : {5, 1, 1, 7, 1, 20, 13}) {  // chunks and single steps mixed
    logits.push_back(decoder().logits(decoder().forward(decoder().embed(ids.slice(1, at, at + tokens)), {}, context)));
    at += tokens;
  }
  EXPECT_LT(max_difference(at::cat(logits, 1)[0], golden_.at("logits")), kTolerance);
}

TEST_P(DecoderFamily, BatchOfUnequalLengthsEqualsSingles) {
  Caches caches;
  const std::vector<TokenPrompt> prompts = {
      {.ids = prompt(0, 12)}, {.ids = prompt(3, 5)}, {.ids = prompt(7, 48)}, {.ids = prompt(20, 21)}};
  const auto together = generate(decoder(), prompts, {.max_new_tokens = 24}, nullptr, caches);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto alone = generate(decoder(), std::span(&prompts[i], 1), {.max_new_tokens = 24}, nullptr, caches).front();
    EXPECT_EQ(together[i].ids, alone.ids) << i;
    for (std::size_t t = 0; t < alone.logprobs.size(); ++t) EXPECT_NEAR(together[i].logprobs[t], alone.logprobs[t], kTolerance);
  }
}

TEST_P(DecoderFamily, SharedPrefixesChangeNothing) {
  Caches caches;
  TokenPrompt plain{.ids = prompt(0, 48)}, sharing{.ids = prompt(0, 48), .shared_prefixes = {17, 40}};
  const GenerateOptions options{.max_new_tokens = 16};
  const auto expected = generate(decoder(), std::span(&plain, 1), options, nullptr, caches).front();
  const auto first = generate(decoder(), std::span(&sharing, 1), options, nullptr, caches).front();
  const auto second = generate(decoder(), std::span(&sharing, 1), options, nullptr, caches).front();
  EXPECT_EQ(first.reused_tokens, 0);
  EXPECT_EQ(second.reused_tokens, 40);
  EXPECT_EQ(expected.ids, first.ids);
  EXPECT_EQ(first.ids, second.ids);
  EXPECT_EQ(first.logprobs, second.logprobs) << "what is reused must not depend on history";
  // Rows with different prefixes stand in one batch.
  const std::vector<TokenPrompt> mixed = {sharing, {.ids = prompt(5, 30), .shared_prefixes = {20}}, {.ids = prompt(2, 4)}};
  const auto batch = generate(decoder(), mixed, options, nullptr, caches);
  for (std::size_t i = 0; i < mixed.size(); ++i)
    EXPECT_EQ(batch[i].ids,
              generate(decoder(), std::vector<TokenPrompt>{{.ids = mixed[i].ids}}, options, nullptr, caches).front().ids)
        << i;
}

TEST_P(DecoderFamily, PlainDifferentiablePathEqualsTheFusedOne) {
  Context fused(KvCache(decoder().kv_shape(), 1, 48)), plain(KvCache(decoder().kv_shape(), 1, 48));
  const at::Tensor embeddings = decoder().embed(golden_.at("input_ids").unsqueeze(0));
  const at::Tensor expected = decoder().forward(embeddings, {}, fused);
  const at::Tensor leaf = embeddings.clone().requires_grad_(true);
  const at::Tensor out = decoder().forward(leaf, {}, plain);
  ASSERT_TRUE(out.requires_grad());
  EXPECT_LT(max_difference(out.detach(), expected), kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Families, DecoderFamily, testing::ValuesIn(decoder_fixtures()), [](const auto& given) {
  std::string name = given.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace zlens
