// Broken and hostile tokenizer files are refused with one line that names the file; none crashes.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <random>

#include "io/error.h"
#include "io/gguf.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "support/gguf_bytes.h"
#include "support/temporary_folder.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/tokenizer_fixture.h"
#include "text/tokenizer_json.h"

namespace zlens::test {
namespace {

Json smallest() {
  return Json::parse(R"({"version":"1.0","added_tokens":[{"id":4,"content":"<x>","special":true}],"normalizer":null,
    "pre_tokenizer":{"type":"ByteLevel"},"post_processor":null,"decoder":{"type":"ByteLevel"},
    "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"c":3},"merges":["a b"]}})");
}

void expect_refused(const std::string& text, const std::string& reason) {
  try {
    tokenizer_from_json_text(text, "dir/tokenizer.json");
    ADD_FAILURE() << "accepted: " << text.substr(0, 300);
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("dir/tokenizer.json"), message.npos) << message;
    EXPECT_NE(message.find(reason), message.npos) << message;
    EXPECT_EQ(message.find('\n'), message.npos) << message;
  }
}

TEST(TokenizerRefusal, SmallestIsAccepted) {
  const auto tokenizer = tokenizer_from_json_text(smallest().dump(), "t");
  EXPECT_EQ(tokenizer->encode("abc<x>ab", false), (std::vector<std::int32_t>{2, 3, 4, 2}));
  EXPECT_EQ(tokenizer->vocab_size(), 5);
  EXPECT_EQ(tokenizer->token_to_id("<x>"), 4);
  EXPECT_EQ(tokenizer->token_to_id("zz"), std::nullopt);
  EXPECT_EQ(tokenizer->decode(std::vector<std::int32_t>{5}, false), "") << "a row of the model without a token";
  EXPECT_EQ(tokenizer->decode(std::vector<std::int32_t>{-1}, false), "");
}

struct Hostile {
  const char* pointer;  // where in the smallest file
  const char* value;    // JSON that is put there
  const char* reason;
};

TEST(TokenizerRefusal, TableOfHostileFiles) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const std::string long_token = "\"" + std::string(600, 'x') + "\"";
  const std::vector<Hostile> table{
      {"/model/type", "\"WordPiece\"", "WordPiece"},
      {"/model/type", "\"Unigram\"", "Unigram"},
      {"/model/type", "7", "type"},
      {"/model", "[]", "expected an object"},
      {"/model", "null", "missing"},
      {"/model/vocab", "{\"a\":0,\"b\":0}", "two tokens"},
      {"/model/vocab", "{\"a\":-1}", "outside"},
      {"/model/vocab", "{\"a\":1.5}", "integer"},
      {"/model/vocab", "{\"a\":4294967296}", "outside"},
      {"/model/vocab", "{\"a\":100000}", "outside"},
      {"/model/vocab", "[\"a\"]", "expected an object"},
      {"/model/merges", "[\"a z\"]", "not in the vocabulary"},
      {"/model/merges", "[\"z a\"]", "not in the vocabulary"},
      {"/model/merges", "[\"b a\"]", "not in the vocabulary"},
      {"/model/merges", "[\"a\"]", "no pair"},
      {"/model/merges", "[\"a b c\"]", "no pair"},
      {"/model/merges", "[[\"a\"]]", "no pair"},
      {"/model/merges", "[[\"a\",1]]", "no pair"},
      {"/model/merges", "null", "merges"},
      {"/model/unk_token", "\"<unk>\"", "unk_token"},
      {"/model/dropout", "0.1", "dropout"},
      {"/model/byte_fallback", "1", "byte_fallback"},
      {"/pre_tokenizer/type", "\"BertPreTokenizer\"", "BertPreTokenizer"},
      {"/pre_tokenizer", R"({"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated"})", "(a+)+$"},
      {"/pre_tokenizer", R"({"type":"Split","pattern":{"String":" "},"behavior":"Sideways"})", "Sideways"},
      {"/pre_tokenizer", R"({"type":"Split","pattern":{},"behavior":"Isolated"})", "String"},
      {"/pre_tokenizer", R"({"type":"Metaspace","replacement":"ab"})", "replacement"},
      {"/pre_tokenizer", R"({"type":"Metaspace","prepend_scheme":"often"})", "often"},
      {"/normalizer", R"({"type":"Precompiled"})", "Precompiled"},
      {"/normalizer", R"({"type":"Sequence","normalizers":[{"type":"Nope"}]})", "Nope"},
      {"/normalizer", R"({"type":"Replace","pattern":{"Regex":".*"},"content":""})", "known"},
      {"/decoder", R"({"type":"WordPiece"})", "WordPiece"},
      {"/decoder", R"({"type":"Strip","content":"ab","start":1,"stop":0})", "one character"},
      {"/decoder", R"({"type":"Strip","content":" ","start":-1,"stop":0})", "outside"},
      {"/post_processor", R"({"type":"BertProcessing","sep":["x",1],"cls":["y",2]})", "BertProcessing"},
      {"/post_processor", R"({"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}}],"special_tokens":{}})", "sequence A"},
      {"/post_processor",
       R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}},{"Sequence":{"id":"A"}}],"special_tokens":{}})",
       "missing"},
      {"/post_processor", R"({"type":"RobertaProcessing","sep":["x",99],"cls":["y",2]})", "99"},
      {"/added_tokens/0/id", "7", "is due"},
      {"/added_tokens/0/id", "-4", "outside"},
      {"/added_tokens/0/id", "1e30", "integer"},
      {"/added_tokens/0/content", "\"\"", "0 bytes"},
      {"/added_tokens/0/content", long_token.c_str(), "600 bytes"},
      {"/added_tokens/0/content", "\"a\"", "is due"},
      {"/added_tokens", R"([{"id":4,"content":"<x>"},{"id":4,"content":"<x>"}])", ""},
      {"/added_tokens", "{}", "list"},
      {"/surprise", "1", "surprise"},
      {"/normalizer", deep.c_str(), ""},
  };
  for (const Hostile& hostile : table) {
    Json file = smallest();
    file[Json::json_pointer(hostile.pointer)] = Json::parse(hostile.value);
    SCOPED_TRACE(std::string(hostile.pointer) + " = " + std::string(hostile.value).substr(0, 100));
    expect_refused(file.dump(), hostile.reason);
  }
  expect_refused("", "");
  expect_refused("[]", "object");
  expect_refused("{\"model\":1,\"model\":2}", "");
  expect_refused(std::string(1'000'000, '['), "");
}

std::unique_ptr<const Tokenizer> tokenizer_of(const GgufBytes& gguf) {
  const TemporaryFolder folder;
  std::ofstream(folder / "t.gguf", std::ios::binary) << gguf.bytes();
  return tokenizer_from_gguf(*Gguf::open(folder / "t.gguf"));
}

TEST(TokenizerRefusal, SentencepieceTokensOfAGgufAreUtf8) {
  const auto file = [](const std::string& token) {
    return GgufBytes()
        .text("tokenizer.ggml.model", "llama")
        .texts("tokenizer.ggml.tokens", {"<unk>", "a", token})
        .numbers("tokenizer.ggml.scores", {0, 0, 0});
  };
  EXPECT_EQ(tokenizer_of(file("木"))->vocab_size(), 3);
  try {
    tokenizer_of(file("b\xff"));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("token 2"), std::string::npos) << error.what();
  }
}

// llama.cpp splits SmolLM3's text as Llama 3's, but lets merges decide what becomes of a word that is a token itself.
TEST(TokenizerRefusal, SmaugSplitsAsLlama3) {
  const auto file = [](const std::string& name) {
    return GgufBytes()
        .text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", name)
        .texts("tokenizer.ggml.tokens", {"1", "2", "12", "11", "121"})
        .texts("tokenizer.ggml.merges", {"1 2", "1 1"});
  };
  EXPECT_EQ(tokenizer_of(file("smaug-bpe"))->encode("12112", false), (std::vector<std::int32_t>{2, 0, 2}));
  EXPECT_EQ(tokenizer_of(file("llama-bpe"))->encode("12112", false), (std::vector<std::int32_t>{4, 2}));
  EXPECT_THROW(tokenizer_of(file("smaug")), InputError);
}

// A pipe would block whoever opens it.
TEST(TokenizerRefusal, FilesOfAFolderAreRegular) {
  const TemporaryFolder folder;
  for (const char* name :
       {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.json", "tokenizer.model"}) {
    SCOPED_TRACE(name);
    std::filesystem::create_symlink(name, folder / name);
    EXPECT_THROW(load_tokenizer(folder.path()), InputError) << "a link to itself";
    std::filesystem::remove(folder / name);
    ASSERT_EQ(::mkfifo((folder / name).c_str(), 0600), 0);
    EXPECT_THROW(load_tokenizer(folder.path()), InputError) << "a pipe";
    std::filesystem::remove(folder / name);
  }
}

TEST(TokenizerRefusal, NormalizerThatExplodes) {
  Json file = smallest();
  const Json step{{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", std::string(60, 'a')}};
  file["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
  for (int i = 0; i < 20; ++i) file["normalizer"]["normalizers"].push_back(step);
  const auto tokenizer = tokenizer_from_json_text(file.dump(), "t");
  EXPECT_THROW(tokenizer->encode(std::string(100, 'a'), false), InputError);
}

// Flips, cuts, copies and overwrites bytes.
std::string mutant(std::string data, std::mt19937& random) {
  const auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random); };
  for (std::size_t change = 1 + below(4); change > 0 && !data.empty(); --change) {
    const std::size_t at = below(data.size());
    switch (below(4)) {
      case 0:
        data[at] = static_cast<char>(below(256));
        break;
      case 1:
        data[at] = static_cast<char>(data[at] ^ (1 << below(8)));
        break;
      case 2:
        data.erase(at, 1 + below(8));
        break;
      default:
        data.insert(at, data.substr(below(data.size()), 1 + below(16)));
    }
  }
  return data;
}

TEST(TokenizerRefusal, MutantsOfJsonWorkOrAreRefused) {
  std::mt19937 random(7);
  int refused = 0;
  for (const char* kind : {"llama2", "qwen2", "clip"}) {
    Json file = read_json_file(tokenizer_fixtures() / kind / "tokenizer.json");
    // A small vocabulary, so that changes often strike the components.
    file["model"]["merges"] = Json::array();
    for (auto it = file["model"]["vocab"].begin(); it != file["model"]["vocab"].end();) {
      it = it->get<int>() >= 20 ? file["model"]["vocab"].erase(it) : std::next(it);
    }
    file["added_tokens"] = Json::array();
    const std::string text = file.dump();
    for (int i = 0; i < 1500; ++i) {
      try {
        const auto tokenizer = tokenizer_from_json_text(mutant(text, random), "mutant");
        tokenizer->decode(tokenizer->encode("<s> Hello Wörld 123\n\n", true), false);
      } catch (const InputError& error) {
        ++refused;
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(TokenizerRefusal, MutantsOfSentencepieceWorkOrAreRefused) {
  std::mt19937 random(11);
  int refused = 0, accepted = 0;
  for (const char* kind : {"sp_bpe", "sp_unigram"}) {
    const std::string bytes = read_text_file(tokenizer_fixtures() / kind / "tokenizer.model");
    for (int i = 0; i < 400; ++i) {
      try {
        PipelineTokenizer tokenizer(tokenizer_parts_from_sentencepiece(mutant(bytes, random), {}, "mutant"), "mutant");
        tokenizer.decode(tokenizer.encode("<s> Hello Wörld 123 ﬁ ①\n\n", true), false);
        ++accepted;
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(accepted, 20);
}

// Wire format by hand: one length-delimited field.
std::string field(int number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  for (std::size_t size = bytes.size();; size >>= 7) {
    out.push_back(static_cast<char>(size >= 0x80 ? (size & 0x7F) | 0x80 : size));
    if (size < 0x80) break;
  }
  return out + bytes;
}

std::string piece(const std::string& text, int type) {
  return field(1, field(1, text) + std::string{0x18, static_cast<char>(type)});
}

TEST(TokenizerRefusal, SentencepieceFiles) {
  const std::string good = piece("<unk>", 2) + piece("a", 1);
  EXPECT_EQ(parse_sentencepiece_model(good, "m").pieces.size(), 2u);
  const std::string nan_score = field(1, field(1, "b") + std::string("\x15\x00\x00\xC0\x7F", 5));
  const std::vector<std::string> bad{"",
                                     "x",
                                     piece("a", 1),
                                     good + piece("a", 1),
                                     good + piece("<u>", 2),
                                     good + piece("b", 9),
                                     good + piece("", 1),
                                     good + piece(std::string(200'000, 'a'), 1),
                                     good + piece("\xFF", 1),
                                     good + nan_score,
                                     good + field(2, "\x18\x03"),
                                     good + field(2, "") + field(2, ""),
                                     good + field(4, "x"),
                                     good + field(3, field(2, "abc")),
                                     good + field(3, field(2, std::string("\xF0\xFF\xFF\xFF", 4))),
                                     good + "\x0B",
                                     good + "\x0A\xFF\xFF\xFF\xFF\x0F",
                                     good + std::string(12, '\xFF')};
  for (const std::string& bytes : bad)
    EXPECT_THROW(parse_sentencepiece_model(bytes, "m"), InputError) << testing::PrintToString(bytes.substr(0, 60));
}

TEST(TokenizerRefusal, SentencepieceTrieOffsets) {
  const auto charsmap = [](std::vector<std::uint32_t> units, const std::string& texts) {
    const auto bytes = static_cast<std::uint32_t>(units.size() * 4);
    std::string out(4 + bytes, '\0');
    std::memcpy(out.data(), &bytes, 4);
    std::memcpy(out.data() + 4, units.data(), bytes);
    return out + texts;
  };
  std::vector<std::uint32_t> units(512, 0x80000000u);
  units[0] = 256u << 10;                         // children of the root stand at 256 ^ byte
  units[256 ^ 'a'] = 'a' | 1u << 8 | 97u << 10;  // a leaf at (256 ^ 'a') ^ 97 = 256
  units[256] = 0x80000000u;                      // text 0
  EXPECT_NO_THROW(check_charsmap(charsmap(units, std::string("b\0", 2)), "m"));
  EXPECT_THROW(check_charsmap(charsmap(units, "b"), "m"), InputError);
  auto far_text = units;
  far_text[256] = 0x80000002u;
  EXPECT_THROW(check_charsmap(charsmap(far_text, std::string("b\0", 2)), "m"), InputError);
  auto far_child = units;
  far_child[256 ^ 'a'] = 'a' | 4096u << 10;
  EXPECT_THROW(check_charsmap(charsmap(far_child, std::string("b\0", 2)), "m"), InputError);
  auto far_root = units;
  far_root[0] = 512u << 10;
  EXPECT_THROW(check_charsmap(charsmap(far_root, std::string("b\0", 2)), "m"), InputError);
}

}  // namespace
}  // namespace zlens::test
