// Properties that hold for every tokenizer kind.
#include <gtest/gtest.h>

#include <random>

#include "io/error.h"
#include "io/utf8.h"
#include "text/tokenizer_fixture.h"

namespace zlens::test {
namespace {

class EveryTokenizer : public testing::TestWithParam<std::string> {};

std::string streamed(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids, bool skip) {
  StreamDecoder decoder(tokenizer, skip);
  std::string text;
  for (const std::int32_t id : ids) text += decoder.push(id);
  return text + decoder.finish();
}

TEST_P(EveryTokenizer, StreamEqualsDecode) {
  const auto tokenizer = load_fixture(GetParam());
  for (const std::string& text : corpus()) {
    const auto ids = tokenizer->encode(text, true);
    for (const bool skip : {true, false})
      ASSERT_EQ(streamed(*tokenizer, ids, skip), tokenizer->decode(ids, skip)) << testing::PrintToString(text);
  }
}

// A model may say anything: torn characters, special tokens anywhere, runs of bytes.
TEST_P(EveryTokenizer, StreamEqualsDecodeForRandomIds) {
  const auto tokenizer = load_fixture(GetParam());
  std::mt19937 random(3);
  std::uniform_int_distribution<std::int32_t> any(0, tokenizer->vocab_size() - 1),
      low(0, std::min(300, tokenizer->vocab_size() - 1));
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(1 + round % 24));
    for (auto& id : ids) id = random() % 2 == 0 ? any(random) : low(random);
    for (const bool skip : {true, false}) {
      ASSERT_EQ(streamed(*tokenizer, ids, skip), tokenizer->decode(ids, skip)) << testing::PrintToString(ids);
    }
  }
}

TEST_P(EveryTokenizer, StreamedPiecesAreWholeCharacters) {
  const auto tokenizer = load_fixture(GetParam());
  StreamDecoder decoder(*tokenizer);
  for (const std::int32_t id : tokenizer->encode("中文 👩‍🚀 é ไทย", false))
    EXPECT_TRUE(is_valid_utf8(decoder.push(id)));
}

TEST_P(EveryTokenizer, IdsAndTokensAgree) {
  const auto tokenizer = load_fixture(GetParam());
  EXPECT_GT(tokenizer->vocab_size(), 256);
  for (std::int32_t id = 0; id < tokenizer->vocab_size(); ++id) {
    const std::string token = tokenizer->id_to_token(id);
    ASSERT_FALSE(token.empty()) << id;
    ASSERT_EQ(tokenizer->token_to_id(token), id) << token;
  }
  EXPECT_EQ(tokenizer->id_to_token(tokenizer->vocab_size()), "");
}

TEST_P(EveryTokenizer, InvalidUtf8IsReplaced) {
  const auto tokenizer = load_fixture(GetParam());
  for (const std::string text : {"a\xFFz", "\xE2\x82", "\xF0\x9F\x98", "\xC0\xAF", "\xED\xA0\x80 x", "<s\xFF>"}) {
    EXPECT_EQ(tokenizer->encode(text, false), tokenizer->encode(to_utf8(to_utf32(text)), false)) << testing::PrintToString(text);
  }
}

// Each run is one word for many pre-tokenizers: a step that were quadratic per character would take minutes. (libsentencepiece
// joins neighbouring unknown characters in quadratic time, but by copying bytes: 0.3 s at this size for sp_unigram.)
TEST_P(EveryTokenizer, LongRunsOfOneClass) {
  const auto tokenizer = load_fixture(GetParam());
  for (const std::string unit : {"a", "A", "1", " ", "\n", "\t", ".", "é", "中", "😀", "\xCC\x81", "\xCC\x81\xCC\xA3", "'s", " \n",
                                 "<", "▁", "ab ", "\x01", "٣"}) {
    std::string text;
    while (text.size() < (1u << 18)) text += unit;
    const auto ids = tokenizer->encode(text, false);
    EXPECT_LE(ids.size(), 4 * text.size()) << testing::PrintToString(unit);
    EXPECT_NO_THROW(tokenizer->decode(ids, false));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryTokenizer, testing::ValuesIn(fixture_kinds()), [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace zlens::test
