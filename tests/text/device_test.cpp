// Every path through libtorch with the model on a device that is not the CPU: torch's meta device, which computes shapes and
// refuses operations whose tensors lie on different devices, as CUDA does. Values are not checked here: there are none.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/library.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "modules/context.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"
#include "text/prefill.h"

namespace {

// The C++ library has no shape functions for these.
at::Tensor index_select_shape(const at::Tensor& self, std::int64_t dim, const at::Tensor& index) {
  EXPECT_EQ(self.device(), index.device());
  std::vector<std::int64_t> sizes = self.sizes().vec();
  sizes[static_cast<std::size_t>(dim < 0 ? dim + self.dim() : dim)] = index.numel();
  return at::empty(sizes, self.options());
}

at::Tensor safe_softmax_shape(const at::Tensor& self, std::int64_t, std::optional<at::ScalarType>) {
  return at::empty_like(self);
}

TORCH_LIBRARY_IMPL(aten, Meta, library) {
  library.impl("_safe_softmax", safe_softmax_shape);
  library.impl("index_select", index_select_shape);
}

}  // namespace

namespace zlens {
namespace {

class OnAnotherDevice : public testing::TestWithParam<const char*> {
 protected:
  OnAnotherDevice() {
    write_model_folder(GetParam(), folder_.path());
    model_ = LanguageModel::load(folder_.path(), {.dtype = at::kFloat, .device = at::kMeta});
  }

  at::Tensor ids(std::int64_t batch, std::int64_t tokens) const { return at::full({batch, tokens}, 5, at::kLong); }

  // Runs a prompt of two rows, one of them padded, and two steps of decoding.
  void run(const std::shared_ptr<const ActiveMix>& mix) const {
    const Decoder& decoder = model_->decoder();
    Context context(KvCache(decoder.kv_shape(), 2, 4), mix);
    at::Tensor valid = at::ones({2, 6}, at::kBool);
    valid[1].slice(0, 0, 3).fill_(false);
    at::Tensor hidden = decoder.forward(decoder.embed(ids(2, 6)), valid, context, Decoder::Wanted::Last);
    for (int step = 0; step < 2; ++step) hidden = decoder.forward(decoder.embed(ids(2, 1)), {}, context);
    const at::Tensor logits = decoder.logits(hidden);
    EXPECT_TRUE(logits.is_meta());
    EXPECT_EQ(logits.sizes(), at::IntArrayRef({2, 1, decoder.config().vocab_size}));
    context.select_rows({1});
    EXPECT_EQ(decoder.forward(decoder.embed(ids(1, 1)), {}, context).size(0), 1);
  }

  std::shared_ptr<ActiveMix> mix(LinearForm form, std::int64_t rows) const {
    auto out = std::make_shared<ActiveMix>();
    for (const AdaptableMatrix& matrix : model_->matrices()) {
      const std::int64_t m = matrix.weight.size(0), n = matrix.weight.size(1), rank = std::min(m, n);
      const auto meta = [](at::IntArrayRef shape) { return at::empty(shape, at::TensorOptions().device(at::kMeta)); };
      SlotChange change{.form = form};
      if (form == LinearForm::Merged) {
        change.merged = meta({m, n});
      } else {
        change.factors = std::make_shared<const Factors>(Factors{meta({m, rank}), meta({rank}), meta({rank, n})});
        change.scale = meta({rows, rank});
      }
      change.adds.push_back({meta({2, n}), meta({m, 2}), meta({rows})});
      out->slots.emplace_back(std::move(change));
    }
    return out;
  }

  TemporaryFolder folder_;
  std::shared_ptr<LanguageModel> model_;
};

TEST_P(OnAnotherDevice, TheBaseRuns) {
  run(nullptr);
}

TEST_P(OnAnotherDevice, EveryFormOfAnExpertRuns) {
  for (const LinearForm form : {LinearForm::Delta, LinearForm::Factored})
    for (const std::int64_t rows : {1, 2}) run(mix(form, rows));
  run(mix(LinearForm::Merged, 1));
}

TEST_P(OnAnotherDevice, PrefixesAreSharedAndPadded) {
  TokenPrompt shorter, longer;
  shorter.ids.assign(30, 5);
  longer.ids.assign(40, 5);
  for (TokenPrompt* prompt : {&shorter, &longer}) prompt->shared_prefixes = {20};
  Caches caches;
  for (int again = 0; again < 2; ++again) {
    const std::vector<TokenPrompt> prompts = {shorter, longer};
    const Prefilled start = prefill(model_->decoder(), prompts, 4, nullptr, caches);
    EXPECT_TRUE(start.hidden.is_meta());
    EXPECT_EQ(start.reused.back(), again ? 20 : start.reused.back());
  }
}

TEST_P(OnAnotherDevice, TreesOfTokensRunBothWays) {
  auto active = mix(LinearForm::Delta, 1);
  std::vector<at::Tensor> scales;
  for (auto& slot : active->slots) scales.push_back(slot->scale.requires_grad_());
  const Decoder& decoder = model_->decoder();
  Context context(KvCache(decoder.kv_shape(), 1, 0), active);
  const TokenTree tree{at::tensor({0, 1, 2, 2}, at::kLong).unsqueeze(0), at::tensor({0, 0, 1, 2}, at::kLong).unsqueeze(0),
                       at::tensor({1, 0, 0, 1, 1, 0, 1, 0, 1}, at::kLong).view({1, 3, 3}).to(at::kBool)};
  decoder.logits(decoder.forward_tree(decoder.embed(ids(1, 4)), tree, context)).sum().backward();
  for (const at::Tensor& scale : scales) EXPECT_TRUE(scale.grad().defined() && scale.grad().is_meta());
}

INSTANTIATE_TEST_SUITE_P(Decoders, OnAnotherDevice,
                         testing::Values("llama3", "qwen3", "smollm3", "mistral-window", "gemma2", "gemma3"),
                         [](const auto& chosen) {
                           std::string name = chosen.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace zlens
