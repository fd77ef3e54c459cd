#include "train/sample_tree.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "text/common_prefix.h"
#include "text/padded_rows.h"
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
    const std::int64_t first = size();
    for (std::int64_t i = from; i < to; ++i) {
      ids_.push_back(prompt.ids[static_cast<std::size_t>(i)]);
      branches_.push_back(branch);
      positions_.push_back(next_[static_cast<std::size_t>(branch)]++);
    }
    const auto begin = std::lower_bound(prompt.embedded.begin(), prompt.embedded.end(), from),
               end = std::lower_bound(begin, prompt.embedded.end(), to);
    for (auto place = begin; place != end; ++place) {
      ids_[static_cast<std::size_t>(first + *place - from)] = 0;  // a placeholder's id may lie beyond the vocabulary (PaliGemma)
      given_.push_back(first + *place - from);
    }
    const std::int64_t row = begin - prompt.embedded.begin();
    if (begin != end) embeddings_.push_back(prompt.embeddings.slice(0, row, row + (end - begin)));
    return first;
  }

  const Decoder& decoder() const { return decoder_; }
  const std::vector<std::int64_t>& ids() const { return ids_; }
  const std::vector<std::int64_t>& branches() const { return branches_; }
  const std::vector<std::int64_t>& positions() const { return positions_; }
  const std::vector<std::int64_t>& both_ways() const { return both_ways_; }
  const std::vector<std::int64_t>& parents() const { return parents_; }
  const std::vector<std::int64_t>& given() const { return given_; }          // tokens whose embedding the prompts bring
  const std::vector<at::Tensor>& embeddings() const { return embeddings_; }  // of those, in order
  std::int64_t size() const { return static_cast<std::int64_t>(positions_.size()); }

 private:
  const Decoder& decoder_;
  std::vector<std::int64_t> parents_, next_, both_ways_;  // of every branch
  std::vector<std::int64_t> ids_, branches_, positions_;  // of every token
  std::vector<std::int64_t> given_;
  std::vector<at::Tensor> embeddings_;
};

// Trees as the rows of one pass, padded at their ends.
class Forest {
 public:
  explicit Forest(std::span<const TreeBuilder> trees) : trees_(trees) {
    for (const TreeBuilder& tree : trees) {
      tokens_ = std::max(tokens_, tree.size());
      branches_ = std::max(branches_, static_cast<std::int64_t>(tree.parents().size()));
    }
  }

  std::int64_t tokens() const { return tokens_; }

  at::Tensor embeddings() const {  // [B, T, D]
    std::vector<std::int64_t> places;
    std::vector<at::Tensor> rows;
    for (std::size_t b = 0; b < trees_.size(); ++b) {
      for (const std::int64_t place : trees_[b].given()) places.push_back(static_cast<std::int64_t>(b) * tokens_ + place);
      rows.insert(rows.end(), trees_[b].embeddings().begin(), trees_[b].embeddings().end());
    }
    const at::Tensor out = trees_.front().decoder().embed(padded(&TreeBuilder::ids, 0));
    if (places.empty()) return out;
    const at::Tensor index = at::tensor(places, at::kLong).to(out.device());
    return out.flatten(0, 1).index_copy(0, index, at::cat(rows).to(out.scalar_type())).view(out.sizes());
  }

  // `before`: branches of the slots that the cache holds, of every row.
  TokenTree tree(const std::vector<std::int64_t>& before = {}) const {
    const auto rows = static_cast<std::int64_t>(trees_.size());
    TokenTree out{padded(&TreeBuilder::positions, -1), padded(&TreeBuilder::branches, 0),
                  at::zeros({rows, branches_, branches_}, at::kBool)};
    if (!before.empty())
      out.branches =
          at::cat({at::tensor(before, at::kLong).expand({rows, static_cast<std::int64_t>(before.size())}), out.branches}, 1);
    bool* const ancestors = out.ancestors.mutable_data_ptr<bool>();
    for (std::int64_t b = 0; b < rows; ++b) {
      const auto& parents = trees_[static_cast<std::size_t>(b)].parents();
      for (std::size_t i = 0; i < parents.size(); ++i)
        for (auto j = static_cast<std::int64_t>(i); j >= 0; j = parents[static_cast<std::size_t>(j)])
          ancestors[(b * branches_ + static_cast<std::int64_t>(i)) * branches_ + j] = true;
    }
    if (trees_.front().decoder().config().bidirectional_prompt) {
      out.both_ways = at::zeros({rows, branches_}, at::kBool);
      for (std::int64_t b = 0; b < rows; ++b) {
        const auto& flags = trees_[static_cast<std::size_t>(b)].both_ways();
        for (std::size_t i = 0; i < flags.size(); ++i) out.both_ways[b][static_cast<std::int64_t>(i)].fill_(flags[i] != 0);
      }
    }
    return out;
  }

 private:
  at::Tensor padded(const std::vector<std::int64_t>& (TreeBuilder::*values)() const, std::int64_t filler) const {  // -> [B, T]
    return padded_rows(trees_, values, tokens_, filler);
  }

  std::span<const TreeBuilder> trees_;
  std::int64_t tokens_ = 0, branches_ = 0;
};

// Tokens that all prompts begin with, as far as an answer's side may begin behind them. None where what they mean depends on what
// follows.
std::int64_t shared_length(const Decoder& decoder, std::span<const AnsweredPrompt> prompts) {
  if (decoder.config().bidirectional_prompt) return 0;
  const TokenPrompt& first = *prompts.front().prompt;
  std::int64_t shared = first.answer_start();
  for (const AnsweredPrompt& other : prompts) {
    shared = std::min({shared, common_prefix(first.ids, other.prompt->ids), other.prompt->answer_start()});
    if (other.prompt->embeddings_hash != first.embeddings_hash) return 0;
  }
  return shared;
}

// The prompts' own branches, and the token of each that predicts the first one behind it.
struct Questions {
  std::vector<std::int64_t> branches, last_tokens;
};

// Branch 0 for what all prompts have in common, one for the rest of each. The cache holds the first `read` tokens, which all share.
Questions append_prompts(TreeBuilder& tree, std::span<const AnsweredPrompt> prompts, std::int64_t read = 0) {
  const std::int64_t shared = std::max(read, shared_length(tree.decoder(), prompts)), trunk = tree.branch(-1, read);
  tree.append(trunk, *prompts.front().prompt, read, shared);
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

// The text that all prompts of all inputs begin with, as the base reads it. Empty where what it means depends on what follows.
KvPrefix read_opening(const Decoder& decoder, std::span<const std::vector<AnsweredPrompt>> inputs) {
  if (decoder.config().bidirectional_prompt) return {};
  const TokenPrompt& first = *inputs.front().front().prompt;
  std::int64_t length = first.answer_start();
  for (const auto& prompts : inputs) {
    for (const AnsweredPrompt& entry : prompts) {
      const TokenPrompt& prompt = *entry.prompt;
      // A prompt's last token predicts the answer's first, so that it is part of the pass that learns.
      const auto last = static_cast<std::int64_t>(prompt.ids.size()) - 1;
      length = std::min({length, common_prefix(first.ids, prompt.ids), prompt.answer_start(), last});
      if (!prompt.embedded.empty()) length = std::min(length, prompt.embedded.front());
    }
  }
  if (length <= 0) return {};
  const c10::NoGradGuard no_grad;
  Context context(KvCache(decoder.kv_shape(), 1, length));
  decoder.forward_prompt(embed_prompt(decoder, first, 0, length), {}, context, Decoder::Wanted::Last);
  return context.cache().prefix_of_row(0);
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

// [N] float32: the log-probability of every target, from the hidden states [T, D].
at::Tensor logprobs_of(const Decoder& decoder, const at::Tensor& hidden, const Predictions& wanted) {
  const at::Tensor rows = hidden.index_select(0, at::tensor(wanted.predictors, at::kLong).to(hidden.device()));
  const at::Tensor logits = decoder.logits(rows).to(at::kFloat);  // -> [N, V]
  const at::Tensor targets = at::tensor(wanted.targets, at::kLong).to(logits.device());
  return at::log_softmax(logits, -1).gather(1, targets.unsqueeze(1)).squeeze(1);
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
  const Forest forest({&tree, 1});
  Context context(std::move(cache), pass.mix);
  return logprobs_of(decoder, decoder.forward_tree(forest.embeddings(), forest.tree(before), context)[0], predictions);
}

at::Tensor answer_logprobs(const Decoder& decoder, std::span<const std::vector<AnsweredPrompt>> inputs, const BatchPass& pass) {
  const KvPrefix opening = pass.fixed_decoder ? read_opening(decoder, inputs) : KvPrefix{};
  std::vector<TreeBuilder> trees(inputs.size(), TreeBuilder(decoder));
  std::vector<Predictions> by_row;
  for (std::size_t b = 0; b < inputs.size(); ++b) {
    const Questions questions = append_prompts(trees[b], inputs[b], opening.length());
    by_row.push_back(append_answers(trees[b], inputs[b], questions));
  }
  const Forest forest(trees);
  Predictions all;
  for (std::size_t b = 0; b < inputs.size(); ++b) {
    for (const std::int64_t token : by_row[b].predictors)
      all.predictors.push_back(static_cast<std::int64_t>(b) * forest.tokens() + token);
    all.targets.insert(all.targets.end(), by_row[b].targets.begin(), by_row[b].targets.end());
  }
  const std::vector<const KvPrefix*> openings(inputs.size(), opening.length() > 0 ? &opening : nullptr);
  Context context(KvCache::from_prefixes(decoder.kv_shape(), openings, opening.length()), pass.mix);
  const TokenTree tree = forest.tree(std::vector<std::int64_t>(static_cast<std::size_t>(opening.length()), 0));
  return logprobs_of(decoder, decoder.forward_tree(forest.embeddings(), tree, context).flatten(0, 1), all);
}

}  // namespace zlens
