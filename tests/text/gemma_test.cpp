// What Gemma's decoders do besides the families' common tests, and prompts read in both directions as PaliGemma reads them
// (goldens: tests/fixtures/make_decoders.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "support/checkpoint.h"
#include "text/decoder.h"
#include "text/generate.h"
#include "text/prefill.h"

namespace zlens {
namespace {

constexpr double kTolerance = 1e-4;

class BidirectionalPrompt : public testing::TestWithParam<std::string> {
 protected:
  BidirectionalPrompt()
      : loaded_(load_decoder_fixture(GetParam(), at::kFloat, /*bidirectional_prompt=*/true)), golden_(decoder_golden(GetParam())) {}

  const Decoder& decoder() const { return *loaded_.decoder; }
  std::vector<std::int32_t> ids(std::int64_t from, std::int64_t to) const { return ids_of(golden_.at("input_ids"), from, to); }
  at::Tensor embeddings(std::int64_t from, std::int64_t to) const {
    return decoder().embed(golden_.at("input_ids").slice(0, from, to).unsqueeze(0));
  }
  Generation alone(const TokenPrompt& prompt, std::int64_t tokens, const std::shared_ptr<const ActiveMix>& mix = nullptr) const {
    Caches caches;
    return generate(decoder(), std::span(&prompt, 1), {.max_new_tokens = tokens}, mix, caches).front();
  }
  static void expect_equal(const Generation& found, const Generation& expected) {
    EXPECT_EQ(found.ids, expected.ids);
    for (std::size_t t = 0; t < expected.logprobs.size(); ++t) EXPECT_NEAR(found.logprobs[t], expected.logprobs[t], kTolerance);
  }

  LoadedDecoder loaded_;
  std::map<std::string, at::Tensor> golden_;
};

TEST_P(BidirectionalPrompt, LogitsOfThePromptAndOfWhatFollows) {
  Context context(KvCache(decoder().kv_shape(), 1, 4));
  std::vector<at::Tensor> logits = {decoder().logits(decoder().forward_prompt(embeddings(0, 30), {}, context))};
  std::int64_t at = 30;
  for (const std::int64_t tokens : {1, 12, 5}) {
    logits.push_back(decoder().logits(decoder().forward(embeddings(at, at + tokens), {}, context)));
    at += tokens;
  }
  const at::Tensor& expected = golden_.at("prefix_logits");
  EXPECT_LT(max_difference(at::cat(logits, 1)[0], expected), kTolerance);
  EXPECT_LT(max_difference(prompt_logits(decoder(), {.ids = ids(0, 30)}, nullptr), expected.slice(0, 0, 30)), kTolerance);
  EXPECT_GT(max_difference(expected, golden_.at("logits")), 0.1) << "not what a causal decoder computes";
}

TEST_P(BidirectionalPrompt, PlainDifferentiablePathEqualsTheFusedOne) {
  Context context(KvCache(decoder().kv_shape(), 1, 48));
  const at::Tensor prompt = embeddings(0, 30).clone().requires_grad_(true);
  const at::Tensor logits = decoder().logits(decoder().forward_prompt(prompt, {}, context));
  ASSERT_TRUE(logits.requires_grad());
  EXPECT_LT(max_difference(logits.detach()[0], golden_.at("prefix_logits").slice(0, 0, 30)), kTolerance);
}

TEST_P(BidirectionalPrompt, GreedyTokensAndTheirLogProbabilities) {
  const Generation out = alone({.ids = ids(0, 12)}, 32);
  EXPECT_EQ(out.ids, ids_of(golden_.at("prefix_greedy"), 0, 32));
  for (std::size_t i = 0; i < out.logprobs.size(); ++i)
    EXPECT_NEAR(out.logprobs[i], golden_.at("prefix_greedy_logprobs")[static_cast<std::int64_t>(i)].item<float>(), kTolerance) << i;
}

TEST_P(BidirectionalPrompt, BatchOfUnequalLengthsEqualsSingles) {
  Caches caches;
  const std::vector<TokenPrompt> prompts = {{.ids = ids(0, 12)}, {.ids = ids(3, 5)}, {.ids = ids(7, 48)}, {.ids = ids(20, 21)}};
  const auto together = generate(decoder(), prompts, {.max_new_tokens = 16}, nullptr, caches);
  for (std::size_t i = 0; i < prompts.size(); ++i) expect_equal(together[i], alone(prompts[i], 16));
}

TEST_P(BidirectionalPrompt, APrefixServesItsOwnPromptAlone) {
  Caches caches;
  const TokenPrompt first{.ids = ids(0, 40), .shared_prefixes = {17, 39}};
  TokenPrompt other{.ids = ids(0, 48), .shared_prefixes = {17}};
  const auto run = [&](const TokenPrompt& prompt) {
    return generate(decoder(), std::span(&prompt, 1), {.max_new_tokens = 16}, nullptr, caches).front();
  };
  const Generation once = run(first), again = run(first), another = run(other);
  EXPECT_EQ(once.reused_tokens, 0);
  EXPECT_EQ(again.reused_tokens, 39);
  EXPECT_EQ(once.logprobs, again.logprobs) << "what is reused must not depend on history";
  EXPECT_EQ(another.reused_tokens, 0);
  expect_equal(once, alone({.ids = first.ids}, 16));
  expect_equal(another, alone({.ids = other.ids}, 16));
  other.shared_prefixes = {17, 47};
  other.ids.resize(41);  // the same beginning, 39 tokens of it as in `first`
  EXPECT_EQ(run(other).reused_tokens, 0);
}

TEST_P(BidirectionalPrompt, AnEmptyMixForTheAnswerIsTheBase) {
  auto mix = std::make_shared<ActiveMix>();
  mix->slots.resize(loaded_.matrices.size());
  mix->content_hash = "empty";
  mix->answer_only = true;
  TokenPrompt prompt{.ids = ids(0, 40)};
  const Generation base = alone(prompt, 16);
  for (const std::int64_t from : {0, 33}) {
    prompt.answer_from = from;
    expect_equal(alone(prompt, 16, mix), base);
  }
}

INSTANTIATE_TEST_SUITE_P(Gemma, BidirectionalPrompt, testing::Values("gemma", "gemma2"),
                         [](const auto& given) { return given.param; });

class GemmaFamily : public testing::TestWithParam<std::string> {};

TEST_P(GemmaFamily, EmbeddingsOfTokensAreScaledThoseOfModalitiesAreNot) {
  const LoadedDecoder loaded = load_decoder_fixture(GetParam(), at::kBFloat16);
  const auto tensors = read_tensors(std::string(ZLENS_FIXTURES) + "/decoders/" + GetParam() + "/model.safetensors");
  const at::Tensor table = tensors.at("model.embed_tokens.weight").to(at::kBFloat16).to(at::kFloat);
  const double factor = 5.65625;  // sqrt(32) in bfloat16
  const at::Tensor expected = (table * factor).to(at::kBFloat16);
  EXPECT_TRUE(at::equal(loaded.decoder->embed(at::arange(128, at::kLong).unsqueeze(0))[0], expected));
  const at::Tensor image = at::full({1, 32}, 0.75, at::kBFloat16);
  const TokenPrompt prompt{.ids = {4, 0, 5}, .embedded = {1}, .embeddings = image, .embeddings_hash = "image"};
  const at::Tensor rows = embed_prompt(*loaded.decoder, prompt, 0, 3)[0];
  EXPECT_TRUE(at::equal(rows, at::stack({expected[4], image[0], expected[5]})));
}

TEST_P(GemmaFamily, Bfloat16IsCloseToFloat) {
  const LoadedDecoder loaded = load_decoder_fixture(GetParam(), at::kBFloat16);
  const auto golden = decoder_golden(GetParam());
  const at::Tensor logits = prompt_logits(*loaded.decoder, {.ids = ids_of(golden.at("input_ids"), 0, 48)}, nullptr);
  EXPECT_GT(at::cosine_similarity(logits, golden.at("logits"), 1).mean().item<double>(), 0.99);
}

// Factors of every matrix with z drawn around 1; the z of each requires grad.
struct Svf {
  explicit Svf(const AdaptableMatrices& matrices) {
    for (const AdaptableMatrix& matrix : matrices) {
      const auto [u, s, vt] = at::linalg_svd(matrix.weight, /*full_matrices=*/false);
      factors.push_back(std::make_shared<const Factors>(Factors{u.contiguous(), s, vt.contiguous()}));
      z.push_back((1 + 0.1 * at::randn_like(s)).requires_grad_());
    }
  }
  std::shared_ptr<const ActiveMix> mix() const {
    auto out = std::make_shared<ActiveMix>();
    for (std::size_t i = 0; i < z.size(); ++i)
      out->slots.push_back(
          SlotChange{.form = LinearForm::Factored, .factors = factors[i], .scale = (factors[i]->s * z[i]).unsqueeze(0)});
    return out;
  }
  std::vector<std::shared_ptr<const Factors>> factors;
  std::vector<at::Tensor> z;
};

TEST_P(GemmaFamily, GradientsOfZFollowNumericDifferences) {
  at::manual_seed(4);
  const LoadedDecoder loaded = load_decoder_fixture(GetParam(), at::kFloat, /*bidirectional_prompt=*/true);
  const Decoder& decoder = *loaded.decoder;
  Svf svf(loaded.matrices);
  const at::Tensor ids = decoder_golden(GetParam()).at("input_ids").slice(0, 0, 24).unsqueeze(0);
  const auto loss = [&] {
    Context context(KvCache(decoder.kv_shape(), 1, 24), svf.mix());
    const at::Tensor logits = decoder.logits(decoder.forward_prompt(decoder.embed(ids), {}, context));
    return -at::log_softmax(logits, -1).gather(2, ids.roll(-1, 1).unsqueeze(2)).mean();
  };
  loss().backward();
  for (std::size_t slot = 0; slot < svf.z.size(); ++slot) {
    at::Tensor& z = svf.z[slot];
    const at::Tensor before = z.detach().clone();
    const double analytic = z.grad()[1].item<double>();
    const auto moved = [&](double by) {
      at::Tensor next = before.clone();
      next[1] += by;
      z.set_data(next);
      return loss().item<double>();
    };
    EXPECT_NEAR(analytic, (moved(1e-2) - moved(-1e-2)) / 2e-2, 5e-4 + 0.03 * std::abs(analytic)) << loaded.matrices[slot].name;
    z.set_data(before);
  }
}

INSTANTIATE_TEST_SUITE_P(Decoders, GemmaFamily, testing::Values("gemma", "gemma2", "gemma3"),
                         [](const auto& given) { return given.param; });

}  // namespace
}  // namespace zlens
