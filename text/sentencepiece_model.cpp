#include "text/sentencepiece_model.h"

#include <cmath>
#include <cstring>
#include <set>

#include "io/error.h"
#include "io/utf8.h"
#include "text/tokenizer_fields.h"

namespace zlens {
namespace {

// Field numbers of sentencepiece_model.proto.
enum ModelField : std::uint32_t { kPieces = 1, kTrainer = 2, kNormalizer = 3, kSelfTest = 4, kDenormalizer = 5 };
enum PieceField : std::uint32_t { kText = 1, kScore = 2, kType = 3 };
enum TrainerField : std::uint32_t { kModelType = 3, kUnkSurface = 44, kUnkPiece = 45, kBosPiece = 46, kEosPiece = 47 };
enum NormalizerField : std::uint32_t { kCharsmap = 2, kDummyPrefix = 3 };

struct WireField {
  std::uint32_t number = 0;
  int kind = 0;             // 0 varint, 1 eight bytes, 2 a length and its bytes, 5 four bytes
  std::uint64_t value = 0;  // of a varint
  std::string_view bytes;   // of the other kinds
};

// The fields of one protobuf message, one after the other. Throws InputError at the first byte that makes no sense.
class WireReader {
 public:
  WireReader(std::string_view bytes, const std::string& subject) : rest_(bytes), total_(bytes.size()), subject_(subject) {}

  bool next(WireField& field) {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint();
    field.kind = static_cast<int>(tag & 7);
    if (tag >> 3 == 0 || tag >> 3 > (1u << 29) - 1) fail("field number out of range");
    field.number = static_cast<std::uint32_t>(tag >> 3);
    switch (field.kind) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.bytes = take(8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        field.bytes = take(4);
        break;
      default:
        fail("wire type " + std::to_string(field.kind) + " is not used by this format");
    }
    return true;
  }

  [[noreturn]] void fail(const std::string& reason) const {
    throw InputError(subject_ + ": no sentencepiece model: " + reason + " at byte " + std::to_string(total_ - rest_.size()) +
                     " of " + std::to_string(total_) + " of a message");
  }

  // Refuses a known field of another wire type.
  void expect(const WireField& field, int kind) const {
    if (field.kind != kind) fail("field " + std::to_string(field.number) + " has wire type " + std::to_string(field.kind));
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (rest_.empty()) fail("the file ends within a number");
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) fail("a number over 64 bits");
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail("a number over 64 bits");
  }

  std::string_view take(std::uint64_t length) {
    if (length > rest_.size())
      fail("a field of " + std::to_string(length) + " bytes where " + std::to_string(rest_.size()) + " are left");
    const std::string_view bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return bytes;
  }

  std::string_view rest_;
  std::size_t total_;
  const std::string& subject_;
};

std::string checked_text(const WireReader& reader, const WireField& field) {
  reader.expect(field, 2);
  if (field.bytes.size() > SentencepieceLimits::max_piece_bytes)
    reader.fail("a piece of " + std::to_string(field.bytes.size()) + " bytes");
  if (!is_valid_utf8(field.bytes)) reader.fail("a text that is not UTF-8");
  return std::string(field.bytes);
}

SentencePiece read_piece(std::string_view bytes, const std::string& subject) {
  WireReader reader(bytes, subject);
  SentencePiece piece;
  for (WireField field; reader.next(field);) {
    if (field.number == kText) {
      piece.text = checked_text(reader, field);
    } else if (field.number == kScore) {
      reader.expect(field, 5);
      std::memcpy(&piece.score, field.bytes.data(), sizeof piece.score);
      if (!std::isfinite(piece.score)) reader.fail("a score that is not finite");
    } else if (field.number == kType) {
      reader.expect(field, 0);
      if (field.value < 1 || field.value > 6) reader.fail("piece type " + std::to_string(field.value));
      piece.type = static_cast<PieceType>(field.value);
    }
  }
  if (piece.text.empty()) reader.fail("an empty piece");
  return piece;
}

void read_trainer(std::string_view bytes, const std::string& subject, SentencepieceModel& model) {
  WireReader reader(bytes, subject);
  for (WireField field; reader.next(field);) {
    switch (field.number) {
      case kModelType:
        reader.expect(field, 0);
        if (field.value != 1 && field.value != 2)
          reader.fail("model type " + std::to_string(field.value) + "; only unigram and BPE are supported");
        break;
      case kUnkSurface:
        model.unk_surface = checked_text(reader, field);
        break;
      case kUnkPiece:
        model.unk_piece = checked_text(reader, field);
        break;
      case kBosPiece:
        model.bos_piece = checked_text(reader, field);
        break;
      case kEosPiece:
        model.eos_piece = checked_text(reader, field);
        break;
      default:
        break;
    }
  }
}

// Returns whether a dummy prefix is added; also for the denormaliser, which has the same fields.
bool read_normalizer(std::string_view bytes, const std::string& subject) {
  WireReader reader(bytes, subject);
  bool dummy_prefix = true, seen = false;
  for (WireField field; reader.next(field);) {
    if (field.number == kCharsmap) {
      reader.expect(field, 2);
      if (std::exchange(seen, true)) reader.fail("two character maps");
      check_charsmap(field.bytes, subject);
    } else if (field.number == kDummyPrefix) {
      reader.expect(field, 0);
      dummy_prefix = field.value != 0;
    }
  }
  return dummy_prefix;
}

void check_pieces(const SentencepieceModel& model, const std::string& subject) {
  std::set<std::string_view> seen;
  std::size_t unknown = 0;
  for (const SentencePiece& piece : model.pieces) {
    if (!seen.insert(piece.text).second) throw InputError(subject + ": piece " + printable(piece.text) + " stands twice");
    unknown += piece.type == PieceType::Unknown ? 1 : 0;
  }
  if (unknown != 1) throw InputError(subject + ": " + std::to_string(unknown) + " unknown pieces where one is due");
}

// A unit of the double-array trie (Darts-clone): label, offset and flag packed into 32 bits.
struct TrieUnit {
  std::uint32_t bits;
  bool has_leaf() const { return (bits >> 8 & 1) != 0; }
  std::uint32_t value() const { return bits & 0x7FFFFFFFu; }
  std::uint32_t label() const { return bits & 0x800000FFu; }
  std::uint32_t offset() const { return (bits >> 10) << ((bits & 0x200u) >> 6); }
};

// Visits every unit that some text can reach: a search reads base ^ byte for any byte before it compares labels.
class TrieWalk {
 public:
  TrieWalk(std::string_view units, std::size_t texts, const std::string& subject)
      : units_(units), count_(units.size() / 4), texts_(texts), subject_(subject), seen_(count_) {}

  void run() {
    visit(0);
    while (!open_.empty()) {
      const std::uint32_t base = open_.back();
      open_.pop_back();
      for (std::uint32_t byte = 0; byte < 256; ++byte) {
        const std::uint32_t index = base ^ byte;
        if (unit(index).label() == byte && !seen_[index]) visit(index);
      }
    }
  }

 private:
  TrieUnit unit(std::uint32_t index) const {
    if (index >= count_) fail("offset " + std::to_string(index) + " lies outside its " + std::to_string(count_) + " units");
    TrieUnit unit{};
    std::memcpy(&unit.bits, units_.data() + std::size_t{index} * 4, 4);
    return unit;
  }

  void visit(std::uint32_t index) {
    seen_[index] = true;
    const TrieUnit node = unit(index);
    const std::uint32_t base = index ^ node.offset();
    if (node.has_leaf()) {
      const std::uint32_t text = unit(base).value();
      if (text >= texts_) fail("a leaf points to byte " + std::to_string(text) + " of " + std::to_string(texts_));
    }
    open_.push_back(base);
  }

  [[noreturn]] void fail(const std::string& reason) const {
    throw InputError(subject_ + ": the character map's trie is broken: " + reason);
  }

  std::string_view units_;
  std::size_t count_, texts_;
  const std::string& subject_;
  std::vector<bool> seen_;
  std::vector<std::uint32_t> open_;
};

}  // namespace

void check_charsmap(std::string_view charsmap, const std::string& subject) {
  if (charsmap.empty()) return;
  const auto fail = [&](const std::string& reason) { throw InputError(subject + ": the character map " + reason); };
  if (charsmap.size() > SentencepieceLimits::max_charsmap_bytes) fail("has " + std::to_string(charsmap.size()) + " bytes");
  std::uint32_t trie_bytes = 0;
  if (charsmap.size() < sizeof trie_bytes) fail("is torn");
  std::memcpy(&trie_bytes, charsmap.data(), sizeof trie_bytes);
  charsmap.remove_prefix(sizeof trie_bytes);
  if (trie_bytes == 0 || trie_bytes % 4 != 0 || trie_bytes >= charsmap.size()) {
    fail("has a trie of " + std::to_string(trie_bytes) + " bytes within " + std::to_string(charsmap.size()));
  }
  const std::string_view texts = charsmap.substr(trie_bytes);
  // Every text runs to the next NUL, so the last byte must be one.
  if (texts.back() != '\0') fail("does not end its texts");
  if (!is_valid_utf8(texts)) fail("holds texts that are not UTF-8");
  TrieWalk(charsmap.substr(0, trie_bytes), texts.size(), subject).run();
}

SentencepieceModel parse_sentencepiece_model(std::string_view bytes, const std::string& subject) {
  if (bytes.size() > SentencepieceLimits::max_file_bytes)
    throw InputError(subject + ": " + std::to_string(bytes.size()) + " bytes are too many");
  WireReader reader(bytes, subject);
  SentencepieceModel model;
  std::set<std::uint32_t> seen;
  for (WireField field; reader.next(field);) {
    if (field.number > kDenormalizer) continue;
    reader.expect(field, 2);
    // The library would merge a message that comes twice; then what we checked is not what it runs.
    if (field.number != kPieces && !seen.insert(field.number).second)
      reader.fail("field " + std::to_string(field.number) + " stands twice");
    if (field.number == kPieces) {
      if (model.pieces.size() >= SentencepieceLimits::max_pieces) reader.fail("too many pieces");
      model.pieces.push_back(read_piece(field.bytes, subject));
    } else if (field.number == kTrainer) {
      read_trainer(field.bytes, subject, model);
    } else if (field.number == kNormalizer) {
      model.add_dummy_prefix = read_normalizer(field.bytes, subject);
    } else if (field.number == kDenormalizer) {
      read_normalizer(field.bytes, subject);
    } else if (!field.bytes.empty()) {
      reader.fail("a self-test, which published models do not have");
    }
  }
  if (model.pieces.empty()) throw InputError(subject + ": the sentencepiece model has no pieces");
  check_pieces(model, subject);
  return model;
}

}  // namespace zlens
