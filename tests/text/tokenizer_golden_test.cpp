// Ids and decoded texts of every tokenizer kind equal the reference's, on the whole corpus.
#include <gtest/gtest.h>

#include <cstdlib>

#include "io/gguf.h"
#include "text/tokenizer_fixture.h"

namespace zlens::test {
namespace {

// sentencepiece alone does not know control tokens in text, so its own golden files (…_plain) hold nothing for such texts.
bool has_control_token(const std::string& text) {
  return text.find("<s>") != text.npos || text.find("</s>") != text.npos || text.find("<unk>") != text.npos;
}

// Line by line; at most a few mismatches are printed.
void expect_golden(const Tokenizer& tokenizer, const Golden& golden, bool plain_sentencepiece = false) {
  ASSERT_EQ(golden.lines.size(), corpus().size());
  int wrong = 0;
  for (std::size_t i = 0; i < golden.lines.size() && wrong < 5; ++i) {
    const std::string& text = corpus()[i];
    const Golden::Line& line = golden.lines[i];
    if (plain_sentencepiece && has_control_token(text)) continue;
    const auto ids = tokenizer.encode(text, /*add_special_tokens=*/false);
    EXPECT_EQ(ids, line.ids) << ++wrong << ", line " << i + 1 << ": " << testing::PrintToString(text);
    if (ids != line.ids || !golden.has_text) continue;
    const std::string all = tokenizer.decode(ids, /*skip_special_tokens=*/false);
    EXPECT_TRUE(line.with_special.matches(all, text))
        << ++wrong << ", line " << i + 1 << ": " << testing::PrintToString(text) << " became " << testing::PrintToString(all);
    if (plain_sentencepiece) continue;
    const std::string plain = tokenizer.decode(ids, /*skip_special_tokens=*/true);
    EXPECT_TRUE(line.without_special.matches(plain, text))
        << ++wrong << ", line " << i + 1 << ": " << testing::PrintToString(text) << " became " << testing::PrintToString(plain);
  }
}

void expect_special_tokens(const Tokenizer& tokenizer, const Golden& golden) {
  for (std::size_t i = 0; i < golden.lines.size(); i += 50) {
    if (has_control_token(corpus()[i])) continue;
    std::vector<std::int32_t> expected = golden.prefix;
    expected.insert(expected.end(), golden.lines[i].ids.begin(), golden.lines[i].ids.end());
    expected.insert(expected.end(), golden.suffix.begin(), golden.suffix.end());
    EXPECT_EQ(tokenizer.encode(corpus()[i], /*add_special_tokens=*/true), expected) << "line " << i + 1;
  }
}

struct Case {
  std::string folder, golden;
  friend void PrintTo(const Case& value, std::ostream* out) { *out << value.folder; }
};

class TokenizerGolden : public testing::TestWithParam<Case> {};

TEST_P(TokenizerGolden, EqualsReference) {
  const auto tokenizer = load_fixture(GetParam().folder);
  const Golden golden = read_golden(GetParam().golden);
  expect_golden(*tokenizer, golden, GetParam().golden.ends_with("_plain"));
}

TEST_P(TokenizerGolden, SurroundsTextWithSpecialTokens) {
  expect_special_tokens(*load_fixture(GetParam().folder), read_golden(GetParam().golden));
}

INSTANTIATE_TEST_SUITE_P(Kinds, TokenizerGolden,
                         testing::Values(Case{"gpt2", "gpt2"}, Case{"llama3", "llama3"}, Case{"qwen2", "qwen2"},
                                         Case{"smollm", "smollm"}, Case{"gpt4o", "gpt4o"}, Case{"parts", "parts"},
                                         Case{"clip", "clip"}, Case{"llama2", "llama2"}, Case{"metaspace_first", "metaspace_first"},
                                         Case{"metaspace_always", "metaspace_always"}, Case{"metaspace_never", "metaspace_never"},
                                         Case{"gemma", "gemma"}, Case{"unknown", "unknown"}, Case{"joined", "joined"},
                                         Case{"sp_bpe", "sp_bpe"}, Case{"sp_bpe", "sp_bpe_plain"}, Case{"sp_unigram", "sp_unigram"},
                                         Case{"sp_unigram", "sp_unigram_plain"}, Case{"gguf_smollm", "smollm"},
                                         Case{"gguf_llama3", "llama3"}, Case{"gguf_llama", "gguf_llama"}),
                         [](const auto& kind) { return kind.param.folder + "_as_" + kind.param.golden; });

// The user's model folder, as the command finds it.
std::filesystem::path models_folder() {
  if (const char* folder = std::getenv("ZLENS_MODELS")) return folder;
  if (const char* folder = std::getenv("XDG_DATA_HOME")) return std::filesystem::path(folder) / "zlens/models";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "" : home) / ".local/share/zlens/models";
}

TEST(TokenizerGoldenReal, SmolLm2GgufEqualsReference) {
  const auto path = models_folder() / "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << path << " is not there; scripts/setup puts it there, or ZLENS_MODELS names its folder";
  const auto tokenizer = tokenizer_from_gguf(*Gguf::open(path));
  EXPECT_EQ(tokenizer->vocab_size(), 49152);
  EXPECT_EQ(tokenizer->bos_token(), "<|im_start|>");
  EXPECT_EQ(tokenizer->eos_token(), "<|im_end|>");
  expect_golden(*tokenizer, read_golden("smollm2"));
}

}  // namespace
}  // namespace zlens::test
