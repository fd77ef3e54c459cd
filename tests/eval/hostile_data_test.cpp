// Data files that must be refused, each with a message that names the file on one line.
#include <gtest/gtest.h>

#include "eval/task.h"
#include "io/error.h"
#include "tests/eval/support.h"

namespace zlens {
namespace {

struct Hostile {
  const char* name;
  const char* task;
  const char* file;
  std::string text;
  const char* expected;  // part of the message
};

// A DocVQA file with one good entry and `entry`.
std::string docvqa(const std::string& entry) {
  return R"({"data": [{"questionId": 1, "question": "q", "image": "a.png", "answers": ["x"]}, )" + entry + "]}";
}

std::string docvqa_image(const std::string& image) {
  return docvqa(R"({"questionId": 2, "question": "q", "image": ")" + image + "\"}");
}

std::string human(const std::string& entry) {
  return "[" + entry + "]";
}

std::vector<Hostile> hostile_files() {
  const std::string long_text(70000, 'x'), deep = std::string(100000, '[');
  std::string many = "[\"a\"";
  for (int i = 0; i < 1500; ++i) many += ",\"a\"";
  many += "]";
  const char* doc = "val.json";
  const char* chart = "val/val_human.json";
  const char* easy = "val/questions.json";
  const char* own = "val.jsonl";
  return {
      {"Empty", "docvqa", doc, "", ""},
      {"NotJson", "docvqa", doc, "questionId,question", ""},
      {"Torn", "docvqa", doc, R"({"data": [{"questionId": 1)", ""},
      {"Trailing", "docvqa", doc, R"({"data": []} x)", ""},
      {"Deep", "docvqa", doc, deep, ""},
      {"DuplicateKey", "docvqa", doc, R"({"data": [], "data": []})", ""},
      {"BadUtf8", "docvqa", doc, docvqa("{\"questionId\": 2, \"question\": \"\xFF\", \"image\": \"b.png\"}"), ""},
      {"TopIsList", "docvqa", doc, "[]", "no list 'data'"},
      {"NoData", "docvqa", doc, "{}", "no list 'data'"},
      {"DataIsObject", "docvqa", doc, R"({"data": {}})", "is not a list"},
      {"DataIsEmpty", "docvqa", doc, R"({"data": []})", "is empty"},
      {"EntryIsNumber", "docvqa", doc, docvqa("7"), "entry 1"},
      {"NoId", "docvqa", doc, docvqa(R"({"question": "q", "image": "b.png"})"), "'questionId' is missing"},
      {"IdIsFraction", "docvqa", doc, docvqa(R"({"questionId": 1.5, "question": "q", "image": "b.png"})"), "questionId"},
      {"IdIsNull", "docvqa", doc, docvqa(R"({"questionId": null, "question": "q", "image": "b.png"})"), "questionId"},
      {"IdIsEmpty", "docvqa", doc, docvqa(R"({"questionId": "", "question": "q", "image": "b.png"})"), "questionId"},
      {"SameIds", "docvqa", doc, docvqa(R"({"questionId": "1", "question": "q", "image": "b.png"})"), "id '1'"},
      {"NoQuestion", "docvqa", doc, docvqa(R"({"questionId": 2, "image": "b.png"})"), "'question'"},
      {"QuestionIsList", "docvqa", doc, docvqa(R"({"questionId": 2, "question": [], "image": "b.png"})"), "'question'"},
      {"LongQuestion", "docvqa", doc, docvqa(R"({"questionId": 2, "image": "b.png", "question": ")" + long_text + "\"}"), "70000"},
      {"NoImage", "docvqa", doc, docvqa(R"({"questionId": 2, "question": "q"})"), "'image'"},
      {"AbsoluteImage", "docvqa", doc, docvqa_image("/etc/passwd"), "plain path"},
      {"ImageAbove", "docvqa", doc, docvqa_image("documents/../../secret.png"), "plain path"},
      {"ImageBackslash", "docvqa", doc, docvqa_image("..\\\\a.png"), "plain path"},
      {"ImageWithNul", "docvqa", doc, docvqa_image("a\\u0000.png"), "plain path"},
      {"ImageWithEscape", "docvqa", doc, docvqa_image("\\u001b[31m"), "plain path"},
      {"EmptyImage", "docvqa", doc, docvqa_image(""), "plain path"},
      {"AnswersIsText", "docvqa", doc, docvqa(R"({"questionId": 2, "question": "q", "image": "b", "answers": "x"})"), "'answers'"},
      {"AnswerIsObject", "docvqa", doc, docvqa(R"({"questionId": 2, "question": "q", "image": "b", "answers": [{}]})"),
       "answers[0]"},
      {"ManyAnswers", "docvqa", doc, docvqa(R"({"questionId": 2, "question": "q", "image": "b", "answers": )" + many + "}"),
       "1501"},
      {"FieldIsNumber", "docvqa", doc, docvqa(R"({"questionId": 2, "question": "q", "image": "b", "field": 3})"), "'field'"},
      {"ChartIsObject", "chartqa", chart, "{}", "is not a list"},
      {"ChartNoLabelText", "chartqa", chart, human(R"({"imgname": "a.png", "query": "q", "label": 3})"), "'label'"},
      {"ChartNoQuery", "chartqa", chart, human(R"({"imgname": "a.png", "label": "3"})"), "'query'"},
      {"ChartImageAbove", "chartqa", chart, human(R"({"imgname": "../a.png", "query": "q", "label": "3"})"), "plain file name"},
      {"ChartImageDots", "chartqa", chart, human(R"({"imgname": "..", "query": "q", "label": "3"})"), "plain path"},
      {"EasyPair", "easyvqa", easy, R"([["q", "a"]])", "image number"},
      {"EasyNegative", "easyvqa", easy, R"([["q", "a", -1]])", "image number"},
      {"EasyTextImage", "easyvqa", easy, R"([["q", "a", "../x"]])", "image number"},
      {"EasyAnswerNumber", "easyvqa", easy, R"([["q", 3, 1]])", "'answer'"},
      {"LinesEmpty", "jsonl", own, "\n\n", "no samples"},
      {"LineTorn", "jsonl", own, "{\"question\": \"q\"}\n{\"question\": ", "line 2"},
      {"LineIsList", "jsonl", own, "[1]", "line 1"},
      {"LineSameIds", "jsonl", own, "{\"id\": 1, \"question\": \"q\"}\n{\"id\": \"1\", \"question\": \"r\"}\n", "id '1'"},
      {"LineBadMetric", "jsonl", own, R"({"question": "q", "answers": ["a"], "metric": "bleu"})", "unknown metric"},
      {"LineChoiceWithout", "jsonl", own, R"({"question": "q", "answers": ["a"], "metric": "choice"})", "choices"},
      {"LineBothAnswers", "jsonl", own, R"({"question": "q", "answers": ["a"], "answer": "b"})", "both"},
      {"LineManyChoices", "jsonl", own, R"({"question": "q", "choices": )" + many + "}", "choices"},
  };
}

class HostileData : public testing::TestWithParam<Hostile> {};

TEST_P(HostileData, IsRefusedOnOneLineThatNamesTheFile) {
  const test::TemporaryFolder folder;
  test::write(folder.path() / GetParam().file, GetParam().text);
  const TaskRegistry tasks = builtin_tasks();
  const std::string message = test::message_of<InputError>([&] { tasks.get(GetParam().task).read(folder.path(), "val"); });
  EXPECT_TRUE(test::contains(message, (folder.path() / GetParam().file).string())) << message;
  EXPECT_TRUE(test::contains(message, GetParam().expected)) << message;
  EXPECT_FALSE(test::contains(message, "\n")) << message;
  EXPECT_LT(message.size(), 600u);
}

INSTANTIATE_TEST_SUITE_P(Files, HostileData, testing::ValuesIn(hostile_files()), [](const auto& test) { return test.param.name; });

TEST(HostileSplit, NamesThatLeaveTheFolderAreRefused) {
  const test::TemporaryFolder folder;
  const TaskRegistry tasks = builtin_tasks();
  for (const Task* task : tasks.all()) {
    for (const char* split : {"", "..", "../val", "/etc", "a/b", "a\nb", "val\x1b[31m", "no-such-split"}) {
      EXPECT_THROW(task->read(folder.path(), split), InputError) << task->name() << " " << split;
      EXPECT_THROW(task->read(folder.path() / "missing", split), InputError);
    }
  }
}

}  // namespace
}  // namespace zlens
