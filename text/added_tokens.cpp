#include "text/added_tokens.h"

#include <algorithm>

#include "text/unicode_text.h"

namespace zlens {
namespace {

bool inside_word(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin > 0 && is_word_character(last_code_point(text.substr(0, begin)))) ||
         (end < text.size() && is_word_character(first_code_point(text.substr(end))));
}

}  // namespace

TokenTrie::TokenTrie() : nodes_(1) {
  roots_.fill(-1);
}

std::int32_t TokenTrie::child(std::int32_t node, unsigned char byte) const {
  if (node == 0) return roots_[byte];
  for (const auto& [key, next] : nodes_[static_cast<std::size_t>(node)].children) {
    if (key == byte) return next;
  }
  return -1;
}

void TokenTrie::insert(std::string_view token, std::int32_t value) {
  if (token.empty()) return;
  std::int32_t node = 0;
  for (const char c : token) {
    const auto byte = static_cast<unsigned char>(c);
    std::int32_t next = child(node, byte);
    if (next < 0) {
      next = static_cast<std::int32_t>(nodes_.size());
      nodes_.emplace_back();
      if (node == 0) {
        roots_[byte] = next;
      } else {
        nodes_[static_cast<std::size_t>(node)].children.emplace_back(byte, next);
      }
    }
    node = next;
  }
  std::int32_t& slot = nodes_[static_cast<std::size_t>(node)].value;
  if (slot < 0) slot = value;
}

std::pair<std::size_t, std::int32_t> TokenTrie::longest_prefix(std::string_view text) const {
  std::pair<std::size_t, std::int32_t> best{0, -1};
  std::int32_t node = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    node = child(node, static_cast<unsigned char>(text[i]));
    if (node < 0) break;
    const std::int32_t value = nodes_[static_cast<std::size_t>(node)].value;
    if (value >= 0) best = {i + 1, value};
  }
  return best;
}

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const std::function<std::string(std::string)>& normalize)
    : tokens_(std::move(tokens)) {
  // Special tokens win over others that are spelled alike after normalisation.
  for (const bool special : {true, false}) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const AddedToken& token = tokens_[i];
      if (token.special != special || !token.in_text) continue;
      if (token.normalized) {
        normalized_.insert(normalize(token.content), static_cast<std::int32_t>(i));
      } else {
        raw_.insert(token.content, static_cast<std::int32_t>(i));
      }
    }
  }
}

std::vector<AddedTokenSpan> AddedTokens::split(std::string_view text, bool normalized) const {
  const TokenTrie& trie = normalized ? normalized_ : raw_;
  std::vector<AddedTokenSpan> spans;
  std::size_t done = 0;
  std::size_t space_end = 0;  // of the white space that the last rstrip scanned: tokens within it do not scan it again
  for (std::size_t at = 0; at < text.size() && !trie.empty();) {
    const auto [length, index] = trie.longest_prefix(text.substr(at));
    if (length == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<std::size_t>(index)];
    std::size_t begin = at, end = at + length;
    at = end;
    if (token.single_word && inside_word(text, begin, end)) continue;
    if (token.lstrip) begin = done < begin ? begin - trailing_space(text.substr(done, begin - done)) : done;
    if (token.rstrip) {
      if (end >= space_end) space_end = end + leading_space(text.substr(end));
      end = space_end;
    }
    if (done < begin) spans.push_back({done, begin, -1});
    spans.push_back({begin, end, token.id});
    done = end;
  }
  if (done < text.size()) spans.push_back({done, text.size(), -1});
  return spans;
}

}  // namespace zlens
