#include "text/chat_template.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "io/error.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> rendered(const ChatTemplate& chat, const OrderedJson& conversation, const ChatOptions& options) {
  try {
    return chat.render(conversation["messages"], options);
  } catch (const InputError&) {
    return std::nullopt;
  }
}

std::optional<std::string> text_or_nothing(const OrderedJson& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
}

class Families : public ::testing::TestWithParam<bool> {};

TEST_P(Families, RenderAsTransformersDoesOrFailWhereItFails) {
  const OrderedJson fixture = OrderedJson::parse(read_text_file(std::string(ZLENS_FIXTURES) + "/chat_templates/families.json"));
  ASSERT_GE(fixture["families"].size(), 12u);
  for (const auto& [name, family] : fixture["families"].items()) {
    const ChatTemplate chat(family["template"].get<std::string>());
    ASSERT_GE(family["cases"].size(), 12u);
    for (const OrderedJson& expected : family["cases"]) {
      SCOPED_TRACE(name + ": " + expected["conversation"].get<std::string>());
      const OrderedJson& conversation = fixture["conversations"][expected["conversation"].get<std::string>()];
      ChatOptions options;
      options.add_generation_prompt = GetParam();
      options.bos_token = family["bos_token"];
      options.eos_token = family["eos_token"];
      options.variables = conversation["variables"];
      options.now = fixture["now"];
      EXPECT_EQ(rendered(chat, conversation, options), text_or_nothing(expected[GetParam() ? "with" : "without"]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(GenerationPrompt, Families, ::testing::Bool());

TEST(ChatTemplate, KeepsItsSourceAndMoves) {
  ChatTemplate first("{{ messages | length }}");
  EXPECT_EQ(first.source(), "{{ messages | length }}");
  ChatTemplate second = std::move(first);
  EXPECT_EQ(second.render(Json::parse(R"([{"role": "user", "content": "x"}])")), "1");
}

TEST(ChatTemplate, SameRequestSamePrompt) {
  const ChatTemplate chat("{{ strftime_now('%Y-%m-%d') }}");
  EXPECT_EQ(chat.render(Json::array()), "1970-01-01");
  ChatOptions options;
  options.now = 1753833599;
  EXPECT_EQ(chat.render(Json::array(), options), "2025-07-29");
}

TEST(ChatTemplate, RefusesWhatIsNoConversation) {
  const ChatTemplate chat("x");
  EXPECT_THROW(chat.render(Json::object()), InputError);
  ChatOptions options;
  options.variables = Json::array();
  EXPECT_THROW(chat.render(Json::array(), options), InputError);
}

TEST(ChatTemplate, VariablesDoNotReplaceTheConversation) {
  ChatOptions options;
  options.variables = {{"messages", "other"}, {"tools", "mine"}};
  EXPECT_EQ(ChatTemplate("{{ messages }}{{ tools }}").render(Json::array(), options), "[]mine");
}

class FindChatTemplate : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name, std::ios::binary) << text; }

  TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(FindChatTemplate, NothingWhereThereIsNone) {
  EXPECT_EQ(find_chat_template(folder_), std::nullopt);
  write("tokenizer_config.json", R"({"eos_token": "</s>"})");
  EXPECT_EQ(find_chat_template(folder_), std::nullopt);
  write("tokenizer_config.json", R"({"chat_template": null})");
  EXPECT_EQ(find_chat_template(folder_), std::nullopt);
}

// A pipe would block whoever opens it.
TEST_F(FindChatTemplate, RefusesWhatIsNoRegularFile) {
  for (const char* name : {"tokenizer_config.json", "chat_template.jinja", "chat_template.json"}) {
    SCOPED_TRACE(name);
    fs::create_symlink(name, folder_ / name);
    EXPECT_THROW(find_chat_template(folder_), InputError) << "a link to itself";
    fs::remove(folder_ / name);
    ASSERT_EQ(::mkfifo((folder_ / name).c_str(), 0600), 0);
    EXPECT_THROW(find_chat_template(folder_), InputError) << "a pipe";
    fs::remove(folder_ / name);
  }
}

// Each file written comes before those written earlier.
TEST_F(FindChatTemplate, FollowsThePrecedence) {
  write("tokenizer_config.json", R"({"chat_template": "from the tokenizer"})");
  EXPECT_EQ(find_chat_template(folder_), "from the tokenizer");
  write("chat_template.jinja", "from the file\n");
  EXPECT_EQ(find_chat_template(folder_), "from the file\n");
  write("chat_template.json", R"({"other": 1})");
  EXPECT_EQ(find_chat_template(folder_), "from the file\n");
  write("chat_template.json", R"({"chat_template": "legacy"})");
  EXPECT_EQ(find_chat_template(folder_), "legacy");
}

TEST_F(FindChatTemplate, TakesTheDefaultOfSeveral) {
  write("tokenizer_config.json",
        R"({"chat_template": [{"name": "tool_use", "template": "a"}, {"name": "default", "template": "b"}]})");
  EXPECT_EQ(find_chat_template(folder_), "b");
  write("tokenizer_config.json", R"({"chat_template": [{"name": "rag", "template": "a"}]})");
  EXPECT_EQ(find_chat_template(folder_), std::nullopt);
  write("chat_template.json", R"({"chat_template": {"default": "c", "rag": "d"}})");
  EXPECT_EQ(find_chat_template(folder_), "c");
}

TEST_F(FindChatTemplate, RefusesOtherTypes) {
  for (const char* text : {R"({"chat_template": 5})", R"({"chat_template": [{"name": "default"}]})", R"([1])", "{",
                           R"({"chat_template": [{"name": "default", "template": 5}]})"}) {
    write("tokenizer_config.json", text);
    EXPECT_THROW(find_chat_template(folder_), InputError) << text;
  }
}

}  // namespace
}  // namespace zlens
