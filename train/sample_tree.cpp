#include "train/sample_tree.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "io/sha256.h"
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
    both_ways_.push_back(0);
    return static_cast<std::int64_t>(parents_.size()) - 1;
  }

  // The same for the text of a prompt behind `trunk`. Where the decoder reads prompts in both directions nothing of it can stand in
  // a trunk: its branch is a root.
  std::int64_t prompt_branch(std::int64_t trunk, std::int64_t from) {
    const std::int64_t out = branch(bidirectional() ? -1 : trunk, from);
    both_ways_.back() = bidirectional();
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

  bool bidirectional() const { return decoder_.config().bidirectional_prompt; }
  at::Tensor embeddings() const { return at::cat(pieces_, 1); }  // [1, T, D]
  const std::vector<std::int64_t>& branches() const { return branches_; }
  const std::vector<std::int64_t>& positions() const { return positions_; }
  std::int64_t size() const { return static_cast<std::int64_t>(positions_.size()); }

  // `before`: branches of the slots that the cache holds.
  TokenTree tree(std::vector<std::int64_t> before) const {
    const auto count = static_cast<std::int64_t>(parents_.size());
    at::Tensor ancestors = at::zeros({count, count}, at::kBool);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = i; j >= 0; j = parents_[static_cast<std::size_t>(j)]) ancestors[i][j].fill_(true);
    before.insert(before.end(), branches_.begin(), branches_.end());
    return {at::tensor(positions_, at::kLong).unsqueeze(0), at::tensor(before, at::kLong), ancestors,
            bidirectional() ? at::tensor(both_ways_, at::kLong).to(at::kBool) : at::Tensor()};
  }

 private:
  const Decoder& decoder_;
  std::vector<std::int64_t> parents_, next_, both_ways_;  // of every branch
  std::vector<std::int64_t> branches_, positions_;        // of every token
  std::vector<at::Tensor> pieces_;
};

// Tokens that all prompts begin with, as far as an answer's side may begin behind them.
std::int64_t shared_length(std::span<const AnsweredPrompt> prompts) {
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

std::int64_t length_of(const TokenPrompt& prompt) {
  return static_cast<std::int64_t>(prompt.ids.size());
}

// The prompts' own branches, and the token of each that predicts the first one behind it.
struct Questions {
  std::vector<std::int64_t> branches, last_tokens;
};

// Branch 0 for what all prompts have in common, one for the rest of each up to `end_of(prompt)`.
template <typename EndOf>
Questions append_prompts(TreeBuilder& tree, std::span<const AnsweredPrompt> prompts, const EndOf& end_of) {
  const std::int64_t shared = tree.bidirectional() ? 0 : shared_length(prompts), trunk = tree.branch(-1, 0);
  tree.append(trunk, *prompts.front().prompt, 0, shared);
  Questions out;
  for (const AnsweredPrompt& entry : prompts) {
    out.branches.push_back(tree.prompt_branch(trunk, shared));
    tree.append(out.branches.back(), *entry.prompt, shared, end_of(*entry.prompt));
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
    tree.append(out.branches.back(), *entry.prompt, from, length_of(*entry.prompt));
    out.last_tokens.push_back(tree.size() - 1);
  }
  return out;
}

std::string reading_key(const Decoder& decoder, std::span<const AnsweredPrompt> prompts) {
  Sha256 hash;
  hash.update(std::to_string(decoder.id()));
  for (const AnsweredPrompt& entry : prompts) {
    hash.update("\n" + std::to_string(entry.prompt->answer_start()) + entry.prompt->embeddings_hash);
    hash.update(std::as_bytes(std::span(entry.prompt->ids)));
  }
  return hash.hex();
}

// What is read in both directions sees the answer's side, which the mix reads again: it is left to the trunk, branch 0, which no
// prompt continues there.
void hide_answer_sides(std::span<const AnsweredPrompt> prompts, const std::vector<std::int64_t>& positions,
                       std::vector<std::int64_t>& branches) {
  for (std::size_t i = 0; i < branches.size(); ++i)
    if (positions[i] >= prompts[static_cast<std::size_t>(branches[i]) - 1].prompt->answer_start()) branches[i] = 0;
}

std::shared_ptr<const BaseReading> base_reading(const Decoder& decoder, std::span<const AnsweredPrompt> prompts,
                                                BaseReadings* readings) {
  const std::string key = reading_key(decoder, prompts);
  if (readings)
    if (auto found = readings->get(key)) return found;
  const c10::NoGradGuard no_grad;
  TreeBuilder tree(decoder);
  auto out = std::make_shared<BaseReading>();
  append_prompts(tree, prompts,
                 [&](const TokenPrompt& prompt) { return tree.bidirectional() ? length_of(prompt) : prompt.answer_start(); });
  out->branches = tree.branches();
  if (tree.bidirectional()) hide_answer_sides(prompts, tree.positions(), out->branches);
  const KvShape shape = decoder.kv_shape();
  Context context(KvCache(shape, 1, tree.size()));
  decoder.forward_tree(tree.embeddings(), tree.tree({}), context);
  out->cache = context.cache();
  const auto bytes = static_cast<std::size_t>(2 * shape.layers * shape.kv_heads * shape.head_dim * tree.size() *
                                              static_cast<std::int64_t>(c10::elementSize(shape.dtype)));
  if (readings) readings->put(key, out, bytes);
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
    const auto reading = base_reading(decoder, prompts, pass.readings);
    cache = reading->cache;
    before = reading->branches;
    questions = append_answer_sides(tree, prompts);
  } else {
    questions = append_prompts(tree, prompts, length_of);
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
