#include "synth/dataset.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "eval/metrics.h"
#include "eval/task.h"
#include "io/error.h"
#include "io/mapped_file.h"
#include "support/synth_options.h"
#include "support/temporary_folder.h"
#include "tests/synth/solvers.h"

namespace zlens::synth {
namespace {

namespace fs = std::filesystem;

std::vector<zlens::Sample> read(const fs::path& data, const std::string& split) {
  const TaskRegistry tasks = builtin_tasks();
  return tasks.get("jsonl").read(data, split);
}

TEST(Dataset, IsReadByTheTask) {
  for (const Kind& kind : kinds()) {
    TemporaryFolder folder;
    const fs::path data = folder / "data";
    ASSERT_TRUE(write_dataset(kind, options_for<DatasetOptions>(data, Split::Test, 30)));
    const auto samples = read(data, "test");
    ASSERT_EQ(samples.size(), 30u);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const Document document = kind.make({5, Split::Test, i}, {});
      EXPECT_EQ(samples[i].question, document.sample.question);
      EXPECT_EQ(samples[i].references, document.sample.answers);
      EXPECT_EQ(samples[i].field, document.sample.field);
      EXPECT_EQ(find_metric(samples[i].metric).score({samples[i].references[0], samples[i].references, {}}), 1);
      ASSERT_EQ(samples[i].images.size(), 1u);
      EXPECT_EQ(samples[i].images[0], data / "images" / (samples[i].id + ".png"));
      // What `--attach transcript` looks for.
      const fs::path transcript = data / "transcripts" / (samples[i].images[0].stem().string() + ".txt");
      EXPECT_EQ(read_text_file(transcript), document.sample.text + "\n");
    }
    EXPECT_FALSE(fs::exists(data / "images"));
  }
}

TEST(Dataset, FactsOfEveryLineAnswerItsQuestion) {
  TemporaryFolder folder;
  write_dataset(find_kind("chart"), options_for<DatasetOptions>(folder.path(), Split::Val, 40));
  for (const std::string& line : test::lines_of(read_text_file(folder / "val.jsonl"))) {
    const Json record = parse_json(line, "line");
    const Json& facts = record.at("facts");
    const test::ChartNames names{facts.at("categories").get<std::vector<std::string>>(),
                                 facts.at("series").get<std::vector<std::string>>()};
    const std::string text = read_text_file(folder / "transcripts" / fs::path(record.at("id").get<std::string>() + ".txt"));
    const std::string answer = test::solve_chart(text, names, record.at("question"));
    const auto answers = record.at("answers").get<std::vector<std::string>>();
    EXPECT_EQ(find_metric(record.at("metric").get<std::string>()).score({answer, answers, {}}), 1) << line;
    EXPECT_FALSE(record.at("unseen").get<bool>());
  }
}

TEST(Dataset, AFolderTakesEachSplitOnce) {
  TemporaryFolder folder;
  for (const Split split : {Split::Train, Split::Val, Split::Test})
    ASSERT_TRUE(write_dataset(find_kind("math"), options_for<DatasetOptions>(folder.path(), split, 5)));
  const std::string before = read_text_file(folder / "val.jsonl");
  EXPECT_THROW(write_dataset(find_kind("chart"), options_for<DatasetOptions>(folder.path(), Split::Val, 5)), InputError);
  EXPECT_EQ(read_text_file(folder / "val.jsonl"), before);
  EXPECT_THROW(write_dataset(find_kind("math"), options_for<DatasetOptions>(folder / "other", Split::Val, 0)), InputError);
  EXPECT_THROW(write_dataset(find_kind("math"), options_for<DatasetOptions>(folder / "other", Split::Val, 1'000'001)), InputError);
  EXPECT_FALSE(fs::exists(folder / "other"));
  std::ofstream(folder / "file") << "x";
  EXPECT_THROW(write_dataset(find_kind("math"), options_for<DatasetOptions>(folder / "file", Split::Val, 5)), InputError);
}

TEST(Dataset, StoppedItLeavesNoSplitAndCanStartAgain) {
  TemporaryFolder folder, other;
  auto options = options_for<DatasetOptions>(folder.path(), Split::Train, 10);
  int asked = 0;
  options.stop = [&] { return ++asked > 4; };
  EXPECT_FALSE(write_dataset(find_kind("math"), options));
  EXPECT_FALSE(fs::exists(folder / "train.jsonl"));
  options.stop = nullptr;
  EXPECT_TRUE(write_dataset(find_kind("math"), options));
  options.out = other.path();
  EXPECT_TRUE(write_dataset(find_kind("math"), options));
  EXPECT_EQ(read_text_file(folder / "train.jsonl"), read_text_file(other / "train.jsonl"));
}

TEST(Dataset, PicturesStandWhereTheSamplesSay) {
  TemporaryFolder folder;
  auto options = options_for<DatasetOptions>(folder.path(), Split::Train, 3);
  options.picture = [](const Document& document, const Place& place) {
    return document.sample.question + std::to_string(place.index);
  };
  std::int64_t done = 0;
  options.progress = [&](std::int64_t now, std::int64_t) { done = now; };
  EXPECT_TRUE(write_dataset(find_kind("receipt"), options));
  EXPECT_EQ(done, 3);
  const auto samples = read(folder.path(), "train");
  for (std::size_t i = 0; i < samples.size(); ++i)
    EXPECT_EQ(read_text_file(samples[i].images[0]), samples[i].question + std::to_string(i));
}

}  // namespace
}  // namespace zlens::synth
