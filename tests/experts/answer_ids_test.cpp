// Answers as tokens: as the tokenizer puts them together, and character by character.
#include "experts/answer_ids.h"

#include <gtest/gtest.h>

#include "support/model_folder.h"
#include "support/temporary_folder.h"
#include "text/tokenizer.h"

namespace zlens {
namespace {

class AnswerIds : public testing::Test {
 protected:
  AnswerIds() { model_ = load_model_fixture("llama3", folder_.path()); }

  TemporaryFolder folder_;
  std::shared_ptr<LanguageModel> model_;
};

TEST_F(AnswerIds, EndWhereAnswersEnd) {
  const std::vector<std::int32_t> ids = answer_ids(*model_, "the answer"), bare = model_->tokenizer().encode("the answer", false);
  ASSERT_EQ(ids.size(), bare.size() + 1);
  EXPECT_EQ(ids.back(), model_->tokenizer().token_to_id(model_->tokenizer().eos_token()));
  EXPECT_EQ(ended(*model_, bare), ids);
}

TEST(SpeltIds, AreTheCharactersOneByOne) {
  const std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(std::filesystem::path(ZLENS_FIXTURES) / "tokenizers" / "gpt2");
  for (const std::string text : {"the answer", "12.50", "caf\u00e9 \u20ac5", ""}) {
    const std::vector<std::int32_t> ids = spelt_ids(*tokenizer, text);
    EXPECT_EQ(tokenizer->decode(ids, false), text);
    EXPECT_GE(ids.size(), tokenizer->encode(text, false).size());
  }
  EXPECT_EQ(spelt_ids(*tokenizer, "the answer").size(), 10u);
  EXPECT_LT(tokenizer->encode("the answer", false).size(), 10u);
}

}  // namespace
}  // namespace zlens
