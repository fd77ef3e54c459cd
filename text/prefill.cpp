#include "text/prefill.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "io/sha256.h"
#include "modules/parallel_rows.h"

namespace zlens {
namespace {

using PrefixPointer = std::shared_ptr<const KvPrefix>;

// Prefixes below this length cost more to copy than to compute again.
constexpr std::int64_t kMinPrefix = 16;

// A prefix's tokens [from, to), and up to where the prompt is read for them: up to `to`, or to the prompt's end where they see it.
struct Piece {
  std::int64_t from, to, read_to;
};

std::string prefix_key(const Decoder& decoder, const TokenPrompt& prompt, const Piece& piece, const std::string& parent,
                       const ActiveMix* mix) {
  Sha256 hash;
  hash.update(std::to_string(decoder.id()) + "\n" + std::to_string(piece.to) + "\n");
  hash.update(parent);
  hash.update(mix ? mix->content_hash : std::string());
  hash.update(prompt.embeddings_hash);
  const auto ids =
      std::span(prompt.ids).subspan(static_cast<std::size_t>(piece.from), static_cast<std::size_t>(piece.read_to - piece.from));
  hash.update(std::as_bytes(ids));
  return hash.hex();
}

// Where the prefixes of a prompt end that are computed alone. At least one token is left behind the last. Read in both directions,
// tokens serve no other prompt: all of them before the last are kept (for answers to the very same prompt), or none.
std::vector<std::int64_t> prefix_ends(const TokenPrompt& prompt, bool whole_question, bool bidirectional) {
  const std::int64_t last = whole_question ? prompt.answer_start() : static_cast<std::int64_t>(prompt.ids.size()) - 1;
  std::vector<std::int64_t> ends;
  std::int64_t from = 0;
  if (bidirectional) {
    const bool all = !prompt.shared_prefixes.empty() && prompt.shared_prefixes.back() >= last && last >= kMinPrefix;
    return all || (whole_question && last > 0) ? std::vector{last} : ends;
  }
  for (const std::int64_t end : prompt.shared_prefixes) {
    const std::int64_t to = std::min(end, last);
    if (to >= from + kMinPrefix) ends.push_back(from = to);
  }
  if (whole_question && from < last) ends.push_back(last);
  return ends;
}

struct Reused {
  PrefixPointer prefix;     // nullptr: none
  std::int64_t cached = 0;  // tokens that need not be computed now
};

// The longest shared prefix of a prompt, each computed on top of the one before, alone in its batch: its numbers depend on nothing
// else.
Reused shared_prefix(const Decoder& decoder, const TokenPrompt& prompt, const std::vector<std::int64_t>& ends,
                     const std::shared_ptr<const ActiveMix>& mix, Caches& caches) {
  Reused out;
  std::string parent;
  std::int64_t from = 0;
  for (const std::int64_t to : ends) {
    const std::int64_t read_to = decoder.config().bidirectional_prompt ? static_cast<std::int64_t>(prompt.ids.size()) : to;
    parent = prefix_key(decoder, prompt, {from, to, read_to}, parent, mix.get());
    PrefixPointer found = caches.prefixes.get(parent);
    if (found) {
      out.cached = to;
    } else {
      Context context(KvCache::from_prefixes(decoder.kv_shape(), {out.prefix.get()}, read_to), mix);
      decoder.forward_prompt(embed_prompt(decoder, prompt, from, read_to), {}, context, Decoder::Wanted::Last);
      found = std::make_shared<KvPrefix>(context.cache().prefix_of_row(0, to));
      caches.prefixes.put(parent, found, found->bytes());
    }
    out.prefix = found;
    from = to;
  }
  return out;
}

struct Chunk {
  at::Tensor embeddings;  // [B, T, D]
  at::Tensor valid;       // [B, T] bool; undefined: all
};

// What is left of every prompt, right-aligned.
Chunk left_padded(const std::vector<at::Tensor>& rows) {
  std::int64_t longest = 0;
  bool equal = true;
  for (const at::Tensor& row : rows) {
    equal &= row.size(1) == rows.front().size(1);
    longest = std::max(longest, row.size(1));
  }
  if (equal) return {at::cat(rows, 0), {}};
  const auto batch = static_cast<std::int64_t>(rows.size());
  Chunk chunk{at::zeros({batch, longest, rows.front().size(2)}, rows.front().options()), at::zeros({batch, longest}, at::kBool)};
  for (std::int64_t b = 0; b < batch; ++b) {
    const at::Tensor& row = rows[static_cast<std::size_t>(b)];
    chunk.embeddings[b].slice(0, longest - row.size(1)).copy_(row[0]);
    chunk.valid[b].slice(0, longest - row.size(1)).fill_(true);
  }
  return chunk;
}

}  // namespace

at::Tensor embed_prompt(const Decoder& decoder, const TokenPrompt& prompt, std::int64_t from, std::int64_t to) {
  at::Tensor ids = at::tensor(at::ArrayRef<std::int32_t>(prompt.ids.data() + from, static_cast<std::size_t>(to - from)), at::kLong);
  const auto first = std::lower_bound(prompt.embedded.begin(), prompt.embedded.end(), from);
  const auto end = std::lower_bound(first, prompt.embedded.end(), to);
  if (first == end) return decoder.embed(ids.unsqueeze(0));  // -> [1, T, D]
  // A placeholder's id may lie beyond the vocabulary (PaliGemma).
  const at::Tensor index = at::tensor(at::ArrayRef<std::int64_t>(&*first, static_cast<std::size_t>(end - first)), at::kLong) - from;
  const at::Tensor embeddings = decoder.embed(ids.index_fill_(0, index, 0).unsqueeze(0));
  const std::int64_t row = first - prompt.embedded.begin();
  const at::Tensor rows = prompt.embeddings.slice(0, row, row + (end - first)).to(embeddings.scalar_type());
  return embeddings.index_copy(1, index.to(embeddings.device()), rows.unsqueeze(0));
}

std::shared_ptr<const KvPrefix> base_prefix(const Decoder& decoder, const TokenPrompt& prompt, Caches& caches) {
  const c10::NoGradGuard no_grad;
  const auto ends = prefix_ends(prompt, /*whole_question=*/true, decoder.config().bidirectional_prompt);
  return shared_prefix(decoder, prompt, ends, nullptr, caches).prefix;
}

Prefilled prefill(const Decoder& decoder, std::span<const TokenPrompt> prompts, std::int64_t reserve,
                  const std::shared_ptr<const ActiveMix>& mix, Caches& caches) {
  const bool base_reads = mix && mix->answer_only, share = !mix || base_reads || !mix->by_row();
  const std::shared_ptr<const ActiveMix> reader = base_reads ? nullptr : mix;
  std::vector<Reused> prefixes(prompts.size());
  std::vector<const KvPrefix*> pointers;
  std::vector<at::Tensor> rests;
  std::vector<std::int64_t> reused;
  std::int64_t longest_prefix = 0;
  const auto share_prefix = [&](std::int64_t row) {
    const TokenPrompt& prompt = prompts[static_cast<std::size_t>(row)];
    const auto ends = prefix_ends(prompt, base_reads, decoder.config().bidirectional_prompt);
    prefixes[static_cast<std::size_t>(row)] = shared_prefix(decoder, prompt, ends, reader, caches);
  };
  if (share) for_each_row(static_cast<std::int64_t>(prompts.size()), decoder.kv_shape().device.is_cpu(), share_prefix);
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    pointers.push_back(prefixes[row].prefix.get());
    reused.push_back(prefixes[row].cached);
    const std::int64_t from = pointers.back() ? pointers.back()->length() : 0;
    rests.push_back(embed_prompt(decoder, prompts[row], from, static_cast<std::int64_t>(prompts[row].ids.size())));
    longest_prefix = std::max(longest_prefix, from);
  }
  const Chunk chunk = left_padded(rests);
  Context context(KvCache::from_prefixes(decoder.kv_shape(), pointers, longest_prefix + chunk.embeddings.size(1) + reserve), mix);
  at::Tensor hidden = decoder.forward_prompt(chunk.embeddings, chunk.valid, context, Decoder::Wanted::Last);
  return {std::move(context), std::move(hidden), std::move(reused)};
}

}  // namespace zlens
