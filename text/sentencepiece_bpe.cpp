#include "text/sentencepiece_bpe.h"

#include <queue>
#include <utility>

#include "io/utf8.h"

namespace zlens {
namespace {

// Merge the piece at `left` with its right neighbour while both together still have `length` bytes.
struct Candidate {
  float score;
  std::int32_t left;
  std::size_t length;
  bool operator<(const Candidate& other) const { return score != other.score ? score < other.score : left > other.left; }
};

class PieceMerger {
 public:
  PieceMerger(const SentencepieceBpe& model, std::string_view word) : model_(model), word_(word) {
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t length = decode_utf8(word.substr(at)).length;
      const auto index = static_cast<std::int32_t>(pieces_.size());
      pieces_.push_back({at, length, index - 1, index + 1});
      at += length;
    }
    if (!pieces_.empty()) pieces_.back().next = -1;
    for (std::size_t i = 0; i + 1 < pieces_.size(); ++i) offer(static_cast<std::int32_t>(i));
  }

  void run() {
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      Piece& left = pieces_[static_cast<std::size_t>(top.left)];
      if (left.length == 0 || left.next < 0) continue;
      Piece& right = pieces_[static_cast<std::size_t>(left.next)];
      if (left.length + right.length != top.length) continue;
      left.length = top.length;
      right.length = 0;
      left.next = right.next;
      if (left.next >= 0) pieces_[static_cast<std::size_t>(left.next)].previous = top.left;
      if (left.previous >= 0) offer(left.previous);
      offer(top.left);
    }
  }

  template <typename Visit>
  void each(Visit visit) const {
    for (std::int32_t i = pieces_.empty() ? -1 : 0; i >= 0; i = pieces_[static_cast<std::size_t>(i)].next) visit(text(i));
  }

 private:
  struct Piece {
    std::size_t begin, length;  // length 0: merged into its left neighbour
    std::int32_t previous, next;
  };

  std::string_view text(std::int32_t index) const {
    const Piece& piece = pieces_[static_cast<std::size_t>(index)];
    return word_.substr(piece.begin, piece.length);
  }

  void offer(std::int32_t index) {
    const Piece& piece = pieces_[static_cast<std::size_t>(index)];
    if (piece.next < 0) return;
    const std::size_t length = piece.length + pieces_[static_cast<std::size_t>(piece.next)].length;
    const std::int32_t id = model_.mergeable(word_.substr(piece.begin, length));
    if (id >= 0) queue_.push({model_.score(id), index, length});
  }

  const SentencepieceBpe& model_;
  std::string_view word_;
  std::vector<Piece> pieces_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace

SentencepieceBpe::SentencepieceBpe(Vocabulary vocabulary, std::vector<float> scores, std::vector<bool> mergeable,
                                   std::int32_t unknown)
    : vocabulary_(std::move(vocabulary)), scores_(std::move(scores)), mergeable_(std::move(mergeable)), unknown_(unknown) {}

std::int32_t SentencepieceBpe::mergeable(std::string_view text) const {
  // Pieces longer than every token need no look-up; this keeps a long run linear in its length.
  if (text.size() > vocabulary_.longest()) return -1;
  const std::int32_t id = vocabulary_.find(text);
  return id >= 0 && mergeable_[static_cast<std::size_t>(id)] ? id : -1;
}

void SentencepieceBpe::append_piece(std::string_view piece, std::vector<std::int32_t>& out) const {
  if (const std::int32_t id = mergeable(piece); id >= 0) {
    out.push_back(id);
    return;
  }
  for (const char c : piece) {
    const std::int32_t id = vocabulary_.byte_token(static_cast<std::uint8_t>(c));
    if (id < 0) {
      if (unknown_ >= 0) out.push_back(unknown_);
      return;
    }
    out.push_back(id);
  }
}

void SentencepieceBpe::encode(std::string_view word, std::vector<std::int32_t>& out) const {
  PieceMerger merger(*this, word);
  merger.run();
  merger.each([&](std::string_view piece) { append_piece(piece, out); });
}

}  // namespace zlens
