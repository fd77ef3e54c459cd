// tokenizer.model (a protobuf) checked by our own reader, because the library that runs it trusts its files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zlens {

struct SentencepieceLimits {
  static constexpr std::size_t max_file_bytes = std::size_t{1} << 26;
  static constexpr std::size_t max_pieces = std::size_t{1} << 21;
  static constexpr std::size_t max_piece_bytes = 1024;  // the library recurses once per byte
  static constexpr std::size_t max_charsmap_bytes = std::size_t{1} << 23;
};

// Values are the file's own.
enum class PieceType : std::uint8_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

struct SentencePiece {
  std::string text;
  float score = 0;
  PieceType type = PieceType::Normal;
};

struct SentencepieceModel {
  std::vector<SentencePiece> pieces;  // by id
  std::string unk_surface = " \xE2\x81\x87 ";
  std::string bos_piece = "<s>", eos_piece = "</s>", unk_piece = "<unk>";
  bool add_dummy_prefix = true;
};

// Reads and checks the whole file: wire format, counts, lengths, finite scores, one unknown piece, distinct pieces, a model of type
// unigram or BPE, and every offset that a walk through the normaliser's trie can reach. Throws InputError beginning with `subject`.
SentencepieceModel parse_sentencepiece_model(std::string_view bytes, const std::string& subject);

// Checks a precompiled character map: a double-array trie and the texts that its leaves point to.
void check_charsmap(std::string_view charsmap, const std::string& subject);

}  // namespace zlens
