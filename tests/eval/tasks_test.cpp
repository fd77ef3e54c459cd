#include <gtest/gtest.h>

#include <algorithm>

#include "eval/task.h"
#include "io/error.h"
#include "tests/eval/support.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

const fs::path kData = ZLENS_FIXTURES "/tasks";

std::vector<Sample> read_task(const char* task, const fs::path& data, const std::string& split) {
  const TaskRegistry tasks = builtin_tasks();
  return tasks.get(task).read(data, split);
}

TEST(DocVqa, ReadsTheAuthorsFormat) {
  const auto samples = read_task("docvqa", kData / "docvqa", "val");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].id, "49153");
  EXPECT_EQ(samples[1].id, "24580-b");
  EXPECT_EQ(samples[1].field, "company");
  EXPECT_EQ(samples[0].references, (std::vector<std::string>{"0.28", ".28"}));
  EXPECT_EQ(samples[0].images, std::vector<fs::path>{kData / "docvqa/documents/a_1.png"});
  EXPECT_EQ(samples[0].image_names, std::vector<std::string>{"documents/a_1.png"});
}

TEST(DocVqa, TestSplitsHaveNoAnswers) {
  EXPECT_TRUE(read_task("docvqa", kData / "docvqa", "test").at(0).references.empty());
}

TEST(DocVqa, TakesTheSingleVersionedFile) {
  EXPECT_EQ(read_task("docvqa", kData / "versioned", "train").size(), 3u);
  test::TemporaryFolder folder;
  for (const char* name : {"val_v1.0.json", "val_v2.json"})
    test::write(folder.path() / name, test::read(kData / "docvqa/val.json"));
  const std::string message = test::message_of<InputError>([&] { read_task("docvqa", folder.path(), "val"); });
  EXPECT_TRUE(test::contains(message, "val_v1.0.json, val_v2.json")) << message;
}

TEST(Nlvr, IsDocVqaWithItsOwnMetric) {
  const TaskRegistry tasks = builtin_tasks();
  EXPECT_EQ(tasks.get("nlvr").metric(), "exact_match");
  EXPECT_EQ(read_task("nlvr", kData / "docvqa", "val").size(), 3u);
}

TEST(ChartQa, ReadsBothHalves) {
  const auto samples = read_task("chartqa", kData / "chartqa", "test");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].id, "human-0");
  EXPECT_EQ(samples[1].references, std::vector<std::string>{"[1, 2]"});
  EXPECT_EQ(samples[2].id, "augmented-0");
  EXPECT_EQ(samples[2].field, "augmented");
  EXPECT_EQ(samples[2].images, std::vector<fs::path>{kData / "chartqa/test/png/two_col_1.png"});
}

TEST(ChartQa, FindsTheAuthorsFolderInside) {
  test::TemporaryFolder folder;
  fs::create_directories(folder.path() / "ChartQA Dataset");
  fs::copy(kData / "chartqa/test", folder.path() / "ChartQA Dataset/test");
  EXPECT_EQ(read_task("chartqa", folder.path(), "test").size(), 3u);
}

TEST(EasyVqa, ReadsTriples) {
  const auto samples = read_task("easyvqa", kData / "easyvqa", "test");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[1].field, "color");
  EXPECT_EQ(samples[2].field, "yes/no");
  EXPECT_EQ(samples[2].images, std::vector<fs::path>{kData / "easyvqa/test/images/1.png"});
}

TEST(Jsonl, ReadsAFolderOrTheFileItself) {
  const auto samples = read_task("jsonl", kData / "jsonl", "val");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].images, (std::vector<fs::path>{kData / "jsonl/a.png", kData / "jsonl/b.png"}));
  EXPECT_EQ(samples[1].id, "2");
  EXPECT_EQ(samples[1].images, std::vector<fs::path>{"/srv/pictures/c.png"});
  EXPECT_EQ(samples[1].metric, "choice");
  EXPECT_EQ(samples[2].id, "4") << "the line's number";
  EXPECT_EQ(samples[2].metric, "numeric");
  EXPECT_EQ(read_task("jsonl", kData / "jsonl/val.jsonl", "").size(), 3u);
}

TEST(Tasks, NamesMetricsAndPromptsFit) {
  const TaskRegistry tasks = builtin_tasks();
  std::vector<std::string_view> names;
  for (const Task* task : tasks.all()) {
    names.push_back(task->name());
    EXPECT_FALSE(task->description().empty());
    EXPECT_TRUE(fs::exists(fs::path(ZLENS_PROMPTS) / (std::string(task->prompt()) + ".txt"))) << task->name();
    EXPECT_GE(task->max_new_tokens(), 16) << "tokens of small models are letters, and answers words";
  }
  EXPECT_EQ(names, (std::vector<std::string_view>{"chartqa", "docvqa", "easyvqa", "jsonl", "nlvr"}));
  EXPECT_TRUE(test::contains(test::message_of<InputError>([&] { tasks.get("vqa"); }), "docvqa, easyvqa"));
}

class OwnTask : public Task {
  std::string_view name() const override { return "docvqa"; }
  std::string_view description() const override { return ""; }
  std::string_view metric() const override { return ""; }
  std::string_view prompt() const override { return ""; }
  std::int64_t max_new_tokens() const override { return 1; }
  std::vector<Sample> read(const fs::path&, const std::string&) const override { return {}; }
};

TEST(Tasks, ATakenNameIsRefused) {
  TaskRegistry tasks = builtin_tasks();
  EXPECT_THROW(tasks.add(std::make_unique<OwnTask>()), InputError);
}

}  // namespace
}  // namespace zlens
