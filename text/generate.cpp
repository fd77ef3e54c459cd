#include "text/generate.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "io/error.h"
#include "text/prefill.h"

namespace zlens {
namespace {

void check_length(const Decoder& decoder, const TokenPrompt& prompt, std::int64_t new_tokens) {
  const std::int64_t room = decoder.config().max_position_embeddings, length = static_cast<std::int64_t>(prompt.ids.size());
  if (length == 0) throw InputError("the prompt is empty");
  if (length + new_tokens > room)
    throw InputError("the prompt has " + std::to_string(length) + " tokens and " + std::to_string(new_tokens) +
                     " more may follow, but the model's context holds " + std::to_string(room) +
                     ": shorten it or lower --max-new-tokens");
}

// Rows still being generated; `row` is the index in the caller's batch.
struct Active {
  std::size_t row;
  std::mt19937_64 stream;
};

class Loop {
 public:
  Loop(const Decoder& decoder, const GenerateOptions& options, const TokenCallback& on_token, std::vector<Generation>& out)
      : decoder_(decoder), options_(options), on_token_(on_token), out_(out) {
    for (std::size_t row = 0; row < out.size(); ++row)
      active_.push_back({row, sampling_stream(options.sampling.seed, options.streams.empty() ? row : options.streams.at(row))});
  }

  void run(Prefilled start) {
    Context& context = start.context;
    at::Tensor hidden = start.hidden;
    while (true) {
      const at::Tensor ids = choose_all(decoder_.logits(hidden.select(1, hidden.size(1) - 1)));  // -> [B, V]
      if (cancelled_ || kept_.empty()) return;
      if (kept_.size() < active_.size()) {
        context.select_rows(kept_);
        std::vector<Active> rest;
        for (const std::int64_t index : kept_) rest.push_back(active_[static_cast<std::size_t>(index)]);
        active_ = std::move(rest);
      }
      hidden = decoder_.forward(decoder_.embed(ids), {}, context);
    }
  }

 private:
  // Chooses a token for every active row; sets kept_ to those that go on. Returns their ids [B', 1].
  at::Tensor choose_all(const at::Tensor& logits) {
    const at::Tensor host = logits.to(at::kCPU, at::kFloat).contiguous(), totals = host.logsumexp(-1);
    std::vector<std::int64_t> next;
    kept_.clear();
    for (std::size_t i = 0; i < active_.size() && !cancelled_; ++i) {
      Generation& row = out_[active_[i].row];
      const Choice choice =
          choose(host[static_cast<std::int64_t>(i)], totals.const_data_ptr<float>()[i], options_.sampling, active_[i].stream);
      row.ids.push_back(choice.id);
      row.logprobs.push_back(choice.logprob);
      const Next next_step = on_token_ ? on_token_(active_[i].row, choice) : Next::Continue;
      const bool stop = next_step == Next::EndRow ||
                        std::find(options_.stop_ids.begin(), options_.stop_ids.end(), choice.id) != options_.stop_ids.end();
      if (stop) row.reason = FinishReason::Stop;
      if (next_step == Next::EndAll) cancel();
      if (stop || static_cast<std::int64_t>(row.ids.size()) >= options_.max_new_tokens) continue;
      kept_.push_back(static_cast<std::int64_t>(i));
      next.push_back(choice.id);
    }
    return at::tensor(next, at::kLong).unsqueeze(1);
  }

  void cancel() {
    cancelled_ = true;
    for (const Active& active : active_)
      if (out_[active.row].reason != FinishReason::Stop) out_[active.row].reason = FinishReason::Cancelled;
  }

  const Decoder& decoder_;
  const GenerateOptions& options_;
  const TokenCallback& on_token_;
  std::vector<Generation>& out_;
  std::vector<Active> active_;
  std::vector<std::int64_t> kept_;
  bool cancelled_ = false;
};

}  // namespace

std::int64_t TokenPrompt::answer_start() const {
  const std::int64_t last = static_cast<std::int64_t>(ids.size()) - 1;
  return answer_from > 0 ? std::min(answer_from, last) : last;
}

void TokenPrompt::share_whole() {
  shared_prefixes.push_back(static_cast<std::int64_t>(ids.size()) - 1);
}

std::vector<Generation> generate(const Decoder& decoder, std::span<const TokenPrompt> prompts, const GenerateOptions& options,
                                 const std::shared_ptr<const ActiveMix>& mix, Caches& caches, const TokenCallback& on_token) {
  if (prompts.empty()) return {};
  if (options.max_new_tokens < 1)
    throw InputError("max_new_tokens must be at least 1, got " + std::to_string(options.max_new_tokens));
  check(options.sampling);
  for (const TokenPrompt& prompt : prompts) check_length(decoder, prompt, options.max_new_tokens);
  const c10::InferenceMode inference;
  Prefilled start = prefill(decoder, prompts, options.max_new_tokens, mix, caches);
  std::vector<Generation> out(prompts.size());
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    out[row].prompt_tokens = static_cast<std::int64_t>(prompts[row].ids.size());
    out[row].reused_tokens = start.reused[row];
  }
  Loop(decoder, options, on_token, out).run(std::move(start));
  return out;
}

at::Tensor prompt_logits(const Decoder& decoder, const TokenPrompt& prompt, const std::shared_ptr<const ActiveMix>& mix) {
  check_length(decoder, prompt, 0);
  const c10::InferenceMode inference;
  const auto length = static_cast<std::int64_t>(prompt.ids.size());
  Context context(KvCache(decoder.kv_shape(), 1, length), mix);
  const at::Tensor hidden = decoder.forward_prompt(embed_prompt(decoder, prompt, 0, length), {}, context);
  return decoder.logits(hidden[0]).to(at::kFloat);
}

}  // namespace zlens
