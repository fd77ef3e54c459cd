#include "text/bpe.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <utility>

#include "io/error.h"
#include "io/utf8.h"
#include "text/tokenizer_fields.h"

namespace zlens {
namespace {

bool same_pair(const MergeTable::Entry& a, const MergeTable::Entry& b) {
  return a.left == b.left && a.right == b.right;
}

std::int32_t known_token(const Vocabulary& vocabulary, std::string_view token, std::size_t rank, std::string_view subject) {
  const std::int32_t id = vocabulary.find(token);
  if (id < 0) {
    throw InputError(std::string(subject) + ": merge " + std::to_string(rank) + " names " + printable(token) +
                     ", which is not in the vocabulary");
  }
  return id;
}

MergeTable build_merges(const Vocabulary& vocabulary, const std::vector<std::pair<std::string, std::string>>& merges,
                        std::size_t prefix_length, std::string_view subject) {
  std::vector<MergeTable::Entry> entries;
  entries.reserve(merges.size());
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    if (right.size() < prefix_length) {
      throw InputError(std::string(subject) + ": merge " + std::to_string(rank) + " is shorter than continuing_subword_prefix");
    }
    entries.push_back({known_token(vocabulary, left, rank, subject), known_token(vocabulary, right, rank, subject),
                       static_cast<std::int32_t>(rank),
                       known_token(vocabulary, left + right.substr(prefix_length), rank, subject)});
  }
  return {std::move(entries), vocabulary.size()};
}

// One step that may be taken: merge the symbol at `position` with its right neighbour.
struct Candidate {
  std::int32_t rank, position, result;
  bool operator<(const Candidate& other) const { return std::tie(rank, position) > std::tie(other.rank, other.position); }
};

// The symbols of a word as a doubly linked list, and the merges that are possible now.
class Merger {
 public:
  Merger(const MergeTable& merges, const std::vector<std::int32_t>& ids) : merges_(merges), nodes_(ids.size()) {
    const auto count = static_cast<std::int32_t>(ids.size());
    for (std::int32_t i = 0; i < count; ++i) nodes_[i] = {ids[i], i - 1, i + 1 < count ? i + 1 : -1};
    std::vector<Candidate> first;
    for (std::int32_t i = 0; i + 1 < count; ++i) {
      if (const auto* entry = merges_.find(ids[i], ids[i + 1])) first.push_back({entry->rank, i, entry->result});
    }
    queue_ = std::priority_queue<Candidate>({}, std::move(first));
  }

  void run() {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      Node& node = nodes_[top.position];
      if (node.id < 0 || node.next < 0) continue;
      // Candidates are never taken back when a neighbour changes, so old ones show by another result.
      const auto* entry = merges_.find(node.id, nodes_[node.next].id);
      if (entry == nullptr || entry->result != top.result) continue;
      join(top);
    }
  }

  void collect(std::vector<std::int32_t>& ids) const {
    ids.clear();
    for (std::int32_t i = 0; i >= 0; i = nodes_[i].next) ids.push_back(nodes_[i].id);
  }

 private:
  struct Node {
    std::int32_t id, previous, next;  // id -1: merged into its left neighbour
  };

  void join(const Candidate& step) {
    Node& node = nodes_[step.position];
    const std::int32_t right = node.next;
    node.id = step.result;
    node.next = nodes_[right].next;
    nodes_[right].id = -1;
    if (node.next >= 0) nodes_[node.next].previous = step.position;
    if (node.previous >= 0) offer(node.previous);
    if (node.next >= 0) offer(step.position);
  }

  void offer(std::int32_t position) {
    const Node& node = nodes_[position];
    if (const auto* entry = merges_.find(node.id, nodes_[node.next].id)) queue_.push({entry->rank, position, entry->result});
  }

  const MergeTable& merges_;
  std::vector<Node> nodes_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace

MergeTable::MergeTable(std::vector<Entry> entries, std::int32_t vocabulary_size) : entries_(std::move(entries)) {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::make_tuple(a.left, a.right, -a.rank) < std::make_tuple(b.left, b.right, -b.rank);
  });
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same_pair), entries_.end());
  buckets_.assign(static_cast<std::size_t>(vocabulary_size) + 1, 0);
  for (const Entry& entry : entries_) ++buckets_[static_cast<std::size_t>(entry.left) + 1];
  for (std::size_t i = 1; i < buckets_.size(); ++i) buckets_[i] += buckets_[i - 1];
}

const MergeTable::Entry* MergeTable::find(std::int32_t left, std::int32_t right) const {
  const auto begin = entries_.begin() + buckets_[static_cast<std::size_t>(left)];
  const auto end = entries_.begin() + buckets_[static_cast<std::size_t>(left) + 1];
  const auto found = std::lower_bound(begin, end, right, [](const Entry& entry, std::int32_t id) { return entry.right < id; });
  return found == end || found->right != right ? nullptr : &*found;
}

Bpe::Bpe(Vocabulary vocabulary, const std::vector<std::pair<std::string, std::string>>& merges, BpeOptions options,
         std::string_view subject)
    : vocabulary_(std::move(vocabulary)), options_(std::move(options)) {
  merges_ = build_merges(vocabulary_, merges, options_.continuing_subword_prefix.size(), subject);
  if (options_.unk_token.empty()) return;
  unk_ = vocabulary_.find(options_.unk_token);
  if (unk_ < 0) {
    throw InputError(std::string(subject) + ": unk_token " + printable(options_.unk_token) + " is not in the vocabulary");
  }
}

bool Bpe::append_bytes(std::string_view character, std::vector<std::int32_t>& symbols) const {
  for (const char c : character) {
    if (vocabulary_.byte_token(static_cast<std::uint8_t>(c)) < 0) return false;
  }
  for (const char c : character) symbols.push_back(vocabulary_.byte_token(static_cast<std::uint8_t>(c)));
  return true;
}

// The word's characters as ids. An unknown one waits in `pending` until the next known one, past any byte tokens between:
// the reference's order, which differs from the text's where only some bytes have tokens.
std::vector<std::int32_t> Bpe::characters(std::string_view word) const {
  std::vector<std::int32_t> symbols;
  symbols.reserve(word.size());
  bool pending = false;
  std::string decorated;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t length = decode_utf8(word.substr(at)).length;
    std::string_view character = word.substr(at, length);
    const bool first = at == 0;
    at += length;
    const bool last = at == word.size();
    const std::string_view prefix = first ? std::string_view() : options_.continuing_subword_prefix;
    const std::string_view suffix = last ? std::string_view(options_.end_of_word_suffix) : std::string_view();
    if (!prefix.empty() || !suffix.empty()) character = decorated.assign(prefix).append(character).append(suffix);
    const std::int32_t id = vocabulary_.find(character);
    if (id >= 0) {
      if (pending) symbols.push_back(unk_);
      pending = false;
      symbols.push_back(id);
    } else if (!options_.byte_fallback || !append_bytes(character, symbols)) {
      if (pending && !options_.fuse_unk) symbols.push_back(unk_);
      pending = unk_ >= 0;
    }
  }
  if (pending) symbols.push_back(unk_);
  return symbols;
}

void Bpe::merge(std::vector<std::int32_t>& symbols) const {
  if (symbols.size() < 2) return;
  Merger merger(merges_, symbols);
  merger.run();
  merger.collect(symbols);
}

void Bpe::encode(std::string_view word, std::vector<std::int32_t>& out) const {
  if (word.empty()) return;
  if (options_.ignore_merges) {
    if (const std::int32_t id = vocabulary_.find(word); id >= 0) {
      out.push_back(id);
      return;
    }
  }
  std::vector<std::int32_t> symbols = characters(word);
  merge(symbols);
  out.insert(out.end(), symbols.begin(), symbols.end());
}

}  // namespace zlens
