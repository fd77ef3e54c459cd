#include "text/extended_tokenizer.h"

#include <gtest/gtest.h>

#include "io/error.h"

namespace zlens {
namespace {

// A byte a token, "[" and "]" around a text that gets special tokens.
class Bytes : public Tokenizer {
 public:
  std::vector<std::int32_t> encode(std::string_view text, bool add_special_tokens) const override {
    std::vector<std::int32_t> out;
    if (add_special_tokens) out.push_back('[');
    for (const char c : text) out.push_back(c);
    if (add_special_tokens) out.push_back(']');
    return out;
  }
  std::vector<std::int32_t> prefix() const override { return {'['}; }
  std::vector<std::int32_t> suffix() const override { return {']'}; }
  std::string decode(std::span<const std::int32_t> ids, bool) const override { return {ids.begin(), ids.end()}; }
  std::int32_t vocab_size() const override { return 128; }
  std::optional<std::int32_t> token_to_id(std::string_view token) const override {
    return token.size() == 1 ? std::optional<std::int32_t>(token[0]) : std::nullopt;
  }
  std::string id_to_token(std::int32_t id) const override { return std::string(1, static_cast<char>(id)); }
  std::string bos_token() const override { return "["; }
  std::string eos_token() const override { return "]"; }
};

class ExtendedTokenizerTest : public testing::Test {
 protected:
  ExtendedTokenizer tokenizer_{std::make_shared<Bytes>(), {"<image>", "<i"}};
};

TEST_F(ExtendedTokenizerTest, NewTokensStandBehindTheVocabulary) {
  EXPECT_EQ(tokenizer_.vocab_size(), 130);
  EXPECT_EQ(tokenizer_.token_to_id("<image>"), 128);
  EXPECT_EQ(tokenizer_.token_to_id("a"), 'a');
  EXPECT_EQ(tokenizer_.token_to_id("none"), std::nullopt);
  EXPECT_EQ(tokenizer_.id_to_token(129), "<i");
  EXPECT_EQ(tokenizer_.id_to_token('b'), "b");
  EXPECT_EQ(tokenizer_.eos_token(), "]");
}

TEST_F(ExtendedTokenizerTest, TextsWithoutThemAreTheBases) {
  for (const bool special : {false, true})
    for (const char* text : {"", "abc", "< image>"}) EXPECT_EQ(tokenizer_.encode(text, special), Bytes().encode(text, special));
}

TEST_F(ExtendedTokenizerTest, TheyAreFoundWhereverTheyStand) {
  EXPECT_EQ(tokenizer_.encode("<image>", false), (std::vector<std::int32_t>{128}));
  EXPECT_EQ(tokenizer_.encode("a<image><image>b", false), (std::vector<std::int32_t>{'a', 128, 128, 'b'}));
  EXPECT_EQ(tokenizer_.encode("<image>b<i", false), (std::vector<std::int32_t>{128, 'b', 129}));
  EXPECT_EQ(tokenizer_.encode("<image>b", true), (std::vector<std::int32_t>{'[', 128, 'b', ']'}));
  EXPECT_EQ(tokenizer_.encode("a<image>b", true), (std::vector<std::int32_t>{'[', 'a', 128, 'b', ']'}));
  EXPECT_EQ(tokenizer_.encode("a<i", true), (std::vector<std::int32_t>{'[', 'a', 129, ']'}));
}

TEST_F(ExtendedTokenizerTest, DecodesThemAsTheyAreWritten) {
  const std::vector<std::int32_t> ids = {'a', 128, 128, 'b', 129};
  EXPECT_EQ(tokenizer_.decode(ids, false), "a<image><image>b<i");
  EXPECT_EQ(tokenizer_.decode(ids, true), "ab");
  EXPECT_EQ(tokenizer_.decode({}, false), "");
}

TEST_F(ExtendedTokenizerTest, RefusesWhatIsThereAlready) {
  EXPECT_THROW(ExtendedTokenizer(std::make_shared<Bytes>(), {"a"}), InputError);
  EXPECT_THROW(ExtendedTokenizer(std::make_shared<Bytes>(), {""}), InputError);
}

}  // namespace
}  // namespace zlens
