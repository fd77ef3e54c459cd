#include "eval/runner.h"

#include <gtest/gtest.h>

#include <set>

#include "eval/run_folder.h"
#include "io/error.h"
#include "tests/eval/fake_run.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;
using test::FakeAnswerer;
using test::FakeTask;
using test::options_for;

constexpr int kSamples = 17;  // six batches of three, the last one short

// The state that a run without interruption ends in.
std::string uninterrupted() {
  const test::TemporaryFolder folder;
  FakeAnswerer answerer;
  run_evaluation(FakeTask(kSamples), answerer, options_for(folder.path() / "run"));
  return test::state_of(folder.path() / "run");
}

// Resumes the run and expects it to end as the uninterrupted one did.
void expect_resumes_to(const std::string& wanted, const fs::path& run) {
  FakeAnswerer answerer;
  const RunResult result = run_evaluation(FakeTask(kSamples), answerer, options_for(run, true));
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(result.samples, kSamples);
  EXPECT_EQ(test::state_of(run), wanted);
}

TEST(Runner, FinishedRunIsInTheDataSetsOrderWithAllKeys) {
  const test::TemporaryFolder folder;
  FakeAnswerer answerer;
  const RunResult result = run_evaluation(FakeTask(kSamples), answerer, options_for(folder.path()));
  EXPECT_EQ(result.failed, 1);
  const auto records = read_records(folder.path() / "samples.jsonl");
  ASSERT_EQ(records.size(), static_cast<std::size_t>(kSamples));
  for (int i = 0; i < kSamples; ++i) EXPECT_EQ(records[static_cast<std::size_t>(i)].record.id, "id" + std::to_string(i));
  EXPECT_EQ(records[1].record.prediction, "answer 1") << "stripped";
  EXPECT_EQ(records[1].record.score, 1);
  EXPECT_FALSE(records[4].record.score.has_value()) << "no references";
  EXPECT_EQ(records[7].record.score, 0);
  EXPECT_EQ(records[7].record.error, "image\nunreadable \xEF\xBF\xBD");
  EXPECT_EQ(result.summary["unscored"], 3);
  EXPECT_EQ(result.summary["failed"], 1);
  EXPECT_EQ(result.summary, read_json_file(folder.path() / "summary.json"));
  const Json config = read_json_file(folder.path() / "config.json");
  EXPECT_EQ(config["prompt_variant"], "plain@00ff");
  EXPECT_EQ(config["answerer"]["model"], "m");
  EXPECT_TRUE(test::contains(config["metric_variant"].get<std::string>(), "0.5 kept"));
}

TEST(Runner, MeanCountsFailedSamplesAsZero) {
  const test::TemporaryFolder folder;
  FakeAnswerer answerer;
  const Json summary = run_evaluation(FakeTask(8), answerer, options_for(folder.path())).summary;
  double sum = 0;
  for (const auto& stored : read_records(folder.path() / "samples.jsonl")) sum += stored.record.score.value_or(0);
  EXPECT_DOUBLE_EQ(summary["score"].get<double>(), sum / 7);
  EXPECT_EQ(summary["samples_by_field"], (Json{{"even", 3}, {"odd", 4}}));
}

TEST(Runner, BatchesGroupImagesAndCoverEverySampleOnce) {
  const std::vector<Sample> samples = FakeTask(kSamples).read("d", "val");
  for (std::int64_t size : {1, 2, 3, 5, 100}) {
    std::set<std::size_t> seen;
    std::string images;
    const auto batches = plan_batches(samples, size);
    for (std::size_t b = 0; b < batches.size(); ++b) {
      EXPECT_TRUE(batches[b].size() == static_cast<std::size_t>(size) || b + 1 == batches.size());
      for (const std::size_t i : batches[b]) {
        seen.insert(i);
        if (images.empty() || images.back() != samples[i].image_names[0][4]) images += samples[i].image_names[0][4];
      }
    }
    EXPECT_EQ(seen.size(), samples.size());
    EXPECT_EQ(images, "012") << "each image's samples stand together";
  }
}

TEST(Runner, KilledAfterAnyBatchResumesToTheSame) {
  const std::string wanted = uninterrupted();
  for (int batches = 0; batches <= 6; ++batches) {
    const test::TemporaryFolder folder;
    FakeAnswerer answerer;
    answerer.batches_left = batches;
    if (batches < 6) {
      EXPECT_THROW(run_evaluation(FakeTask(kSamples), answerer, options_for(folder.path())), std::runtime_error);
    } else {
      run_evaluation(FakeTask(kSamples), answerer, options_for(folder.path()));
    }
    expect_resumes_to(wanted, folder.path());
  }
}

TEST(Runner, StopRequestedAfterAnyBatchResumesToTheSame) {
  const std::string wanted = uninterrupted();
  for (int batches = 0; batches < 6; ++batches) {
    const test::TemporaryFolder folder;
    FakeAnswerer answerer;
    RunOptions options = options_for(folder.path());
    options.stop = [&] { return static_cast<int>(answerer.asked.size()) == batches; };
    const RunResult result = run_evaluation(FakeTask(kSamples), answerer, options);
    EXPECT_TRUE(result.interrupted);
    EXPECT_EQ(result.samples, 3 * batches);
    EXPECT_FALSE(fs::exists(folder.path() / "summary.json"));
    expect_resumes_to(wanted, folder.path());
  }
}

// The log as a killed process leaves it: all batches answered, not finished.
fs::path unfinished_run(const fs::path& folder) {
  FakeAnswerer answerer;
  RunOptions options = options_for(folder);
  options.progress = [](std::int64_t done, std::int64_t total, std::int64_t) {
    if (done == total) throw std::runtime_error("killed");
  };
  EXPECT_THROW(run_evaluation(FakeTask(kSamples), answerer, options), std::runtime_error);
  return folder / "samples.jsonl";
}

TEST(Runner, LogCutAtEveryByteOfItsLastThreeRecordsResumesToTheSame) {
  const std::string wanted = uninterrupted();
  const test::TemporaryFolder folder;
  const std::string log = test::read(unfinished_run(folder.path()));
  const std::string config = test::read(folder.path() / "config.json");
  std::size_t begin = log.size();
  for (int lines = 0; lines < 4; ++lines) begin = log.rfind('\n', begin - 1);
  ASSERT_GT(log.size() - begin, 300u);
  for (std::size_t cut = begin; cut <= log.size(); ++cut) {
    const test::TemporaryFolder copy;
    test::write(copy.path() / "config.json", config);
    test::write(copy.path() / "samples.jsonl", std::string_view(log).substr(0, cut));
    expect_resumes_to(wanted, copy.path());
    if (HasFailure()) FAIL() << "cut at byte " << cut;
  }
}

TEST(Runner, WholeBatchesAreNotAskedAgain) {
  const test::TemporaryFolder folder;
  FakeAnswerer first, second;
  first.batches_left = 4;
  EXPECT_THROW(run_evaluation(FakeTask(kSamples), first, options_for(folder.path())), std::runtime_error);
  std::int64_t already = -1;
  RunOptions options = options_for(folder.path(), true);
  options.progress = [&](std::int64_t, std::int64_t, std::int64_t earlier) { already = earlier; };
  run_evaluation(FakeTask(kSamples), second, options);
  EXPECT_EQ(already, 12);
  EXPECT_EQ(second.asked.size(), 2u);
}

TEST(Runner, ResumingAFinishedRunAsksNothing) {
  const test::TemporaryFolder folder;
  FakeAnswerer answerer;
  run_evaluation(FakeTask(kSamples), answerer, options_for(folder.path()));
  const std::string log = test::read(folder.path() / "samples.jsonl");
  answerer.batches_left = 0;
  run_evaluation(FakeTask(kSamples), answerer, options_for(folder.path(), true));
  EXPECT_EQ(test::read(folder.path() / "samples.jsonl"), log);
}

TEST(Runner, AnExistingRunNeedsResumeAndTheSameConfiguration) {
  const test::TemporaryFolder folder;
  FakeAnswerer answerer;
  run_evaluation(FakeTask(kSamples), answerer, options_for(folder.path()));
  const auto refusal = [&](const Task& task, const RunOptions& options) {
    return test::message_of<InputError>([&] { run_evaluation(task, answerer, options); });
  };
  EXPECT_TRUE(test::contains(refusal(FakeTask(kSamples), options_for(folder.path())), "--resume"));

  RunOptions other = options_for(folder.path(), true);
  other.batch_size = 4;
  other.seed = 6;
  const std::string message = refusal(FakeTask(kSamples), other);
  EXPECT_TRUE(test::contains(message, "batch_size: stored 3, now 4; seed: stored 5, now 6")) << message;
  EXPECT_TRUE(test::contains(refusal(FakeTask(kSamples, "?"), options_for(folder.path(), true)), "data_sha256"));
  answerer.model = "other";
  EXPECT_TRUE(
      test::contains(refusal(FakeTask(kSamples), options_for(folder.path(), true)), "answerer.model: stored \"m\", now \"other\""));
}

TEST(Runner, ASecondProcessOnTheFolderStopsAtOnce) {
  const test::TemporaryFolder folder;
  FakeAnswerer answerer, second;
  RunOptions options = options_for(folder.path());
  options.progress = [&](std::int64_t done, std::int64_t, std::int64_t) {
    if (done != 3) return;
    EXPECT_THROW(run_evaluation(FakeTask(kSamples), second, options_for(folder.path(), true)), Error);
  };
  run_evaluation(FakeTask(kSamples), answerer, options);
  EXPECT_TRUE(second.asked.empty());
}

TEST(Runner, LimitTakesTheFirstSamples) {
  const test::TemporaryFolder folder;
  FakeAnswerer answerer;
  RunOptions options = options_for(folder.path());
  options.limit = 4;
  EXPECT_EQ(run_evaluation(FakeTask(kSamples), answerer, options).samples, 4);
  EXPECT_EQ(read_records(folder.path() / "samples.jsonl").back().record.id, "id3");
}

TEST(Runner, BadOptionsAreRefusedBeforeTheFolderIsMade) {
  const test::TemporaryFolder folder;
  FakeAnswerer answerer;
  for (const auto& [batch, limit] : {std::pair<std::int64_t, std::int64_t>{0, 0}, {-1, 0}, {1 << 20, 0}, {1, -1}}) {
    RunOptions options = options_for(folder.path() / "run");
    options.batch_size = batch;
    options.limit = limit;
    EXPECT_THROW(run_evaluation(FakeTask(3), answerer, options), InputError);
  }
  EXPECT_FALSE(fs::exists(folder.path() / "run"));
}

class ShortAnswerer : public FakeAnswerer {
  std::vector<Answer> answer(std::span<const Sample>) override { return {}; }
};

TEST(Runner, TooFewAnswersAreAnError) {
  const test::TemporaryFolder folder;
  ShortAnswerer answerer;
  EXPECT_THROW(run_evaluation(FakeTask(3), answerer, options_for(folder.path())), Error);
}

}  // namespace
}  // namespace zlens
