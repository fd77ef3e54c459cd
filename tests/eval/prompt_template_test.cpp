#include "eval/prompt_template.h"

#include <gtest/gtest.h>

#include "io/error.h"
#include "io/sha256.h"
#include "tests/eval/support.h"

namespace zlens {
namespace {

Json filled(std::string_view text, const PromptValues& values) {
  return PromptTemplate::parse("t", text).messages(values);
}

TEST(PromptTemplate, FillsMessagesInOrder) {
  const Json messages =
      filled("# about\n\n[system]\nBe {{brief}}.\n[user]\nQ: a\n[assistant]\nb\n[user]\n{context}\n\nQ: {question}\n",
             {.question = "why {context}?", .context = "two\nlines"});
  const Json expected = {{{"role", "system"}, {"content", "Be {brief}."}},
                         {{"role", "user"}, {"content", "Q: a"}},
                         {{"role", "assistant"}, {"content", "b"}},
                         {{"role", "user"}, {"content", "two\nlines\n\nQ: why {context}?"}}};
  EXPECT_EQ(messages, expected);
}

TEST(PromptTemplate, LinesOfEmptyValuesVanish) {
  EXPECT_EQ(filled("[user]\n{context}\n{question}\n{choices}\nend", {.question = ""})[0]["content"], "\nend");
  EXPECT_EQ(filled("[user]\n{context} \n{question}", {.question = "q"})[0]["content"], " \nq");
}

TEST(PromptTemplate, ChoicesGetLetters) {
  EXPECT_EQ(filled("[user]\n{question}\n{choices}", {.question = "q", .choices = {"cat", "dog"}})[0]["content"],
            "q\nA. cat\nB. dog");
}

TEST(PromptTemplate, ImagesStandBeforeTheLastText) {
  const Json messages = filled("[user]\nx\n[assistant]\ny\n[user]\n{question}", {.question = "q", .images = 2});
  EXPECT_EQ(messages[0]["content"], "x");
  const Json expected = {{{"type", "image"}}, {{"type", "image"}}, {{"type", "text"}, {"text", "q"}}};
  EXPECT_EQ(messages[2]["content"], expected);
}

TEST(PromptTemplate, LineEndsOfWindowsAndAMissingLastOneMakeNoDifference) {
  const PromptValues values{.question = "q", .context = "c"};
  EXPECT_EQ(filled("[user]\r\n{context}\r\n{question}\r\n", values), filled("[user]\n{context}\n{question}", values));
}

TEST(PromptTemplate, MistakesNameTheLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no message"},
      {"# only\n", "no message"},
      {"hello\n[user]\n", "line 1"},
      {"[user]\na\n[sytem]\nb", "line 3"},
      {"[user]\n{answer}", "line 2"},
      {"[user]\nok\n}", "line 3"},
      {"[user]\n{question", "line 2"},
      {"[user]\na\n[assistant]\nb", "last message"},
      {"[user]\na\n[user]\nb", "line 3"},
      {"[user]\na\n[system]\nb", "line 3"},
      {"[assistant]\na\n[user]\nb", "line 1"},
      {"[system]\na\n[assistant]\na\n[user]\nb", "line 3"},
      {"[user]\n\xFF", "UTF-8"},
  };
  for (const auto& [text, expected] : cases) {
    const std::string message = test::message_of<InputError>([&] { PromptTemplate::parse("t", text); });
    EXPECT_TRUE(test::contains(message, expected)) << text << ": " << message;
  }
}

TEST(PromptTemplate, EveryShippedOneLoadsByName) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ZLENS_PROMPTS)) {
    const auto loaded = PromptTemplate::load(entry.path().stem().string(), ZLENS_PROMPTS);
    EXPECT_EQ(loaded.name(), entry.path().stem().string());
    EXPECT_EQ(loaded.sha256(), sha256_hex(test::read(entry.path())));
    const std::string text = loaded.messages({.question = "the question", .context = "the context"}).dump();
    EXPECT_TRUE(test::contains(text, "the question") && test::contains(text, "the context")) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 5);
}

TEST(PromptTemplate, LoadTakesAFileOrListsTheNames) {
  const test::TemporaryFolder folder;
  test::write(folder.path() / "mine.txt", "[user]\n{question}\n");
  EXPECT_EQ(PromptTemplate::load((folder.path() / "mine.txt").string(), "/nowhere").name(), "mine");
  for (const char* name : {"other", "", "../mine", "sub/mine"}) {
    const std::string message = test::message_of<InputError>([&] { PromptTemplate::load(name, folder.path()); });
    EXPECT_TRUE(test::contains(message, "names: mine")) << message;
  }
}

}  // namespace
}  // namespace zlens
