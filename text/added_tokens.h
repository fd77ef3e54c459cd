// Tokens that are cut out of the text before the model sees it: special tokens, placeholders, user-defined words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zlens {

struct AddedToken {
  std::string content;
  std::int32_t id = 0;
  bool single_word = false;  // not inside a word
  bool lstrip = false;       // swallows white space on its left
  bool rstrip = false;       // and on its right
  bool normalized = false;   // found in the normalised text instead of the raw one
  bool special = false;      // left out of decoded text on request
  bool in_text = true;       // false: never recognised in text (control pieces that no configuration names)
};

// A stretch [begin, end) of a text; `id` is -1 where no added token stands.
struct AddedTokenSpan {
  std::size_t begin, end;
  std::int32_t id;
};

// Finds the longest of a set of strings from the left. Immutable; thread-safe.
class TokenTrie {
 public:
  TokenTrie();
  // The first of equal strings keeps its value. Empty strings are ignored.
  void insert(std::string_view token, std::int32_t value);
  // Length and value of the longest inserted string that `text` begins with; length 0 where there is none.
  std::pair<std::size_t, std::int32_t> longest_prefix(std::string_view text) const;
  bool empty() const { return nodes_.size() == 1; }

 private:
  struct Node {
    std::int32_t value = -1;
    std::vector<std::pair<unsigned char, std::int32_t>> children;  // few per node
  };
  std::int32_t child(std::int32_t node, unsigned char byte) const;

  std::vector<Node> nodes_;
  std::array<std::int32_t, 256> roots_;  // children of the root, since every byte of a text starts there
};

// Immutable; thread-safe.
class AddedTokens {
 public:
  AddedTokens() = default;
  // `normalize` is what the text goes through before tokens marked `normalized` are searched; they go through it as well.
  AddedTokens(std::vector<AddedToken> tokens, const std::function<std::string(std::string)>& normalize);

  // The spans of `text` by the raw or by the normalised tokens, left to right, as the reference cuts them: a token that strips
  // white space may overlap its neighbour's.
  std::vector<AddedTokenSpan> split(std::string_view text, bool normalized) const;
  const std::vector<AddedToken>& tokens() const { return tokens_; }

 private:
  std::vector<AddedToken> tokens_;
  TokenTrie raw_, normalized_;  // values are indices into tokens_
};

}  // namespace zlens
