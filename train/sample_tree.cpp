#include "train/sample_tree.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "text/prefill.h"

namespace zlens {
namespace {

// Tokens in the order of the pass, each with its branch; branches know what they continue.
class TreeBuilder {
 public:
  explicit TreeBuilder(const Decoder& decoder) : decoder_(decoder) {}

  // A new branch that continues `parent` (-1: a root). Positions of its tokens go on from `from`.
  std::int64_t branch(std::int64_t parent, std::int64_t from) {
    parents_.push_back(parent);
    next_.push_back(from);
    both_ways_.push_back(false);
    return static_cast<std::int64_t>(parents_.size()) - 1;
  }

  // The same for the text of a prompt.
  std::int64_t prompt_branch(std::int64_t parent, std::int64_t from) {
    const std::int64_t out = branch(parent, from);
    both_ways_.back() = decoder_.config().bidirectional_prompt;
    return out;
  }

  // Appends ids[from, to) of a prompt to a branch. Returns the index of the first new token.
  std::int64_t append(std::int64_t branch, const TokenPrompt& prompt, std::int64_t from, std::int64_t to) {
    const auto first = static_cast<std::int64_t>(positions_.size());
    if (from < to) pieces_.push_back(embed_prompt(decoder_, prompt, from, to));
    for (std::int64_t i = from; i < to; ++i) {
      branches_.push_back(branch);
      positions_.push_back(next_[static_cast<std::size_t>(branch)]++);
    }
    return first;
  }

  const Decoder& decoder() const { return decoder_; }
  at::Tensor embeddings() const { return at::cat(pieces_, 1); }  // [1, T, D]
  const std::vector<std::int64_t>& branches() const { return branches_; }
  std::int64_t size() const { return static_cast<std::int64_t>(positions_.size()); }

  // `before`: branches of the slots that the cache holds.
  TokenTree tree(std::vector<std::int64_t> before) const {
    const auto count = static_cast<std::int64_t>(parents_.size());
    at::Tensor ancestors = at::zeros({count, count}, at::kBool);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = i; j >= 0; j = parents_[static_cast<std::size_t>(j)]) ancestors[i][j].fill_(true);
    before.insert(before.end(), branches_.begin(), branches_.end());
    TokenTree out{at::tensor(positions_, at::kLong).unsqueeze(0), at::tensor(before, at::kLong), ancestors};
    if (decoder_.config().bidirectional_prompt) out.both_ways = at::tensor(both_ways_, at::kLong).to(at::kBool);
    return out;
  }

 private:
  const Decoder& decoder_;
  std::vector<std::int64_t> parents_, next_, both_ways_;  // of every branch
  std::vector<std::int64_t> branches_, positions_;        // of every token
  std::vector<at::Tensor> pieces_;
};

// Tokens that all prompts begin with, as far as an answer's side may begin behind them. None where what they mean depends on what
// follows.
std::int64_t shared_length(const Decoder& decoder, std::span<const AnsweredPrompt> prompts) {
  if (decoder.config().bidirectional_prompt) return 0;
  const TokenPrompt& first = *prompts.front().prompt;
  std::int64_t shared = first.answer_start();
  for (const AnsweredPrompt& other : prompts) {
    const auto& ids = other.prompt->ids;
    const auto differ = std::mismatch(first.ids.begin(), first.ids.end(), ids.begin(), ids.end()).first;
    shared = std::min({shared, static_cast<std::int64_t>(differ - first.ids.begin()), other.prompt->answer_start()});
    if (other.prompt->embeddings_hash != first.embeddings_hash) return 0;
  }
  return shared;
}

// The prompts' own branches, and the token of each that predicts the first one behind it.
struct Questions {
  std::vector<std::int64_t> branches, last_tokens;
};

// Branch 0 for what all prompts have in common, one for the rest of each.
Questions append_prompts(TreeBuilder& tree, std::span<const AnsweredPrompt> prompts) {
  const std::int64_t shared = shared_length(tree.decoder(), prompts), trunk = tree.branch(-1, 0);
  tree.append(trunk, *prompts.front().prompt, 0, shared);
  Questions out;
  for (const AnsweredPrompt& entry : prompts) {
    out.branches.push_back(tree.prompt_branch(trunk, shared));
    tree.append(out.branches.back(), *entry.prompt, shared, static_cast<std::int64_t>(entry.prompt->ids.size()));
    out.last_tokens.push_back(tree.size() - 1);
  }
  return out;
}

// The answer's side of prompts that the cache holds up to there, in branches of the same numbers.
Questions append_answer_sides(TreeBuilder& tree, std::span<const AnsweredPrompt> prompts) {
  const std::int64_t trunk = tree.branch(-1, 0);
  Questions out;
  for (const AnsweredPrompt& entry : prompts) {
    const std::int64_t from = entry.prompt->answer_start();
    out.branches.push_back(tree.prompt_branch(trunk, from));
    tree.append(out.branches.back(), *entry.prompt, from, static_cast<std::int64_t>(entry.prompt->ids.size()));
    out.last_tokens.push_back(tree.size() - 1);
  }
  return out;
}

// Prompts as the base reads them, side by side in one row: what all have in common, then the rest of each up to its answer's side.
struct BaseReading {
  KvCache cache;
  std::vector<std::int64_t> branches;  // of every slot
};

BaseReading base_reading(const Decoder& decoder, std::span<const AnsweredPrompt> prompts, Caches& caches) {
  const std::int64_t shared = shared_length(decoder, prompts);
  BaseReading out;
  std::int64_t capacity = shared;
  for (const AnsweredPrompt& entry : prompts) capacity += entry.prompt->answer_start() - shared;
  out.cache = KvCache(decoder.kv_shape(), 1, capacity);
  const auto append = [&](const KvPrefix& prefix, std::int64_t from, std::int64_t to, std::int64_t branch) {
    out.cache.append(prefix, from, to);
    out.branches.insert(out.branches.end(), static_cast<std::size_t>(to - from), branch);
  };
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    const auto prefix = base_prefix(decoder, *prompts[p].prompt, caches);
    if (!prefix) continue;
    if (p == 0) append(*prefix, 0, shared, 0);
    append(*prefix, shared, prefix->length(), static_cast<std::int64_t>(p) + 1);
  }
  return out;
}

// For every token of every answer: which token of the pass predicts it.
struct Predictions {
  std::vector<std::int64_t> predictors;
  std::vector<std::int64_t> targets;
};

Predictions append_answers(TreeBuilder& tree, std::span<const AnsweredPrompt> prompts, const Questions& questions) {
  Predictions out;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    for (const auto& answer : prompts[p].answers) {
      const TokenPrompt text{.ids = answer};
      const std::int64_t branch = tree.branch(questions.branches[p], static_cast<std::int64_t>(prompts[p].prompt->ids.size()));
      // The last token predicts nothing that counts.
      const std::int64_t first = tree.append(branch, text, 0, static_cast<std::int64_t>(answer.size()) - 1);
      for (std::size_t t = 0; t < answer.size(); ++t) {
        out.predictors.push_back(t == 0 ? questions.last_tokens[p] : first + static_cast<std::int64_t>(t) - 1);
        out.targets.push_back(answer[t]);
      }
    }
  }
  return out;
}

}  // namespace

at::Tensor answer_logprobs(const Decoder& decoder, std::span<const AnsweredPrompt> prompts, const TreePass& pass) {
  TreeBuilder tree(decoder);
  KvCache cache(decoder.kv_shape(), 1, 0);
  std::vector<std::int64_t> before;
  Questions questions;
  if (pass.base_reads) {
    BaseReading reading = base_reading(decoder, prompts, *pass.base_reads);
    cache = std::move(reading.cache);
    before = std::move(reading.branches);
    questions = append_answer_sides(tree, prompts);
  } else {
    questions = append_prompts(tree, prompts);
  }
  const Predictions predictions = append_answers(tree, prompts, questions);
  Context context(std::move(cache), pass.mix);
  const at::Tensor hidden = decoder.forward_tree(tree.embeddings(), tree.tree(before), context)[0];  // -> [T, D]
  const at::Tensor wanted = hidden.index_select(0, at::tensor(predictions.predictors, at::kLong).to(hidden.device()));
  const at::Tensor logits = decoder.logits(wanted).to(at::kFloat);  // -> [N, V]
  const at::Tensor targets = at::tensor(predictions.targets, at::kLong).to(logits.device());
  return at::log_softmax(logits, -1).gather(1, targets.unsqueeze(1)).squeeze(1);
}

}  // namespace zlens
