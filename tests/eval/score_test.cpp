#include "eval/score.h"

#include <gtest/gtest.h>

#include "eval/predictions.h"
#include "io/error.h"
#include "tests/eval/fake_run.h"

namespace zlens {
namespace {

TEST(Score, ARunScoresAsItDidWhenItWasMade) {
  const test::TemporaryFolder folder;
  test::FakeAnswerer answerer;
  const test::FakeTask task(17);
  RunOptions options = test::options_for(folder.path());
  options.limit = 14;
  const Json summary = run_evaluation(task, answerer, options).summary;
  const auto samples = samples_to_score(task, "data", "val", folder.path());
  EXPECT_EQ(samples.size(), 14u);
  for (const auto& source : {folder.path(), folder.path() / "samples.jsonl"}) {
    const ScoreResult result = score_predictions(task, samples, read_predictions(source));
    EXPECT_EQ(result.summary["by_field"]["even"], summary["by_field"]["even"]);
    EXPECT_EQ(result.summary["unscored"], summary["unscored"]);
  }
  const ScoreResult result = score_predictions(task, samples, read_predictions(folder.path()));
  EXPECT_EQ(result.summary["score"], summary["score"]);
  EXPECT_EQ(result.missing, std::vector<std::string>{"id7"}) << "the one that failed";
}

TEST(Score, WhatARunLeftOutIsLeftOutAgainAndTheLimitCountsWhatIsLeft) {
  const test::TemporaryFolder folder;
  test::FakeAnswerer answerer;
  const test::FakeTask task(17);
  RunOptions options = test::options_for(folder.path());
  options.exclude = {"id1", "id5"};
  options.limit = 4;
  run_evaluation(task, answerer, options);
  const auto samples = samples_to_score(task, "data", "val", folder.path());
  EXPECT_EQ(samples.size(), 4u);
  EXPECT_TRUE(score_predictions(task, samples, read_predictions(folder.path())).missing.empty());
}

TEST(Score, ReadsEveryFormOfPredictions) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "predictions";
  const std::unordered_map<std::string, std::string> wanted = {{"1", "a"}, {"x", "2.50"}};
  for (const char* text : {R"([{"questionId": 1, "answer": "a"}, {"questionId": "x", "answer": "2.50"}])",
                           R"([{"question_id": 1, "answer": "a"}, {"question_id": "x", "answer": "2.50"}])",
                           "{\"id\": \"1\", \"prediction\": \"a\"}\n\n{\"id\": \"x\", \"prediction\": \"2.50\"}",
                           " [{\"questionId\": 1, \"prediction\": \"a\"},\n {\"id\": \"x\", \"answer\": \"2.50\"}]\n"}) {
    test::write(file, text);
    EXPECT_EQ(read_predictions(file), wanted) << text;
  }
}

TEST(Score, BadPredictionsAreRefused) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "predictions";
  for (const char* text :
       {"", "\n", "[]", "{}", "7", "[1]", R"([{"answer": "a"}])", R"([{"questionId": 1}])",
        R"([{"questionId": 1, "answer": null}])", R"([{"questionId": 1.5, "answer": "a"}])",
        R"([{"questionId": 1, "answer": ["a"]}])", R"([{"questionId": 1, "answer": "a"}, {"questionId": "1", "answer": "a"}])",
        "{\"id\": \"1\", \"prediction\": \"a\"}\n{", "{\"data\": [{\"questionId\": 1, \"answer\": \"a\"}]}"}) {
    test::write(file, text);
    const std::string message = test::message_of<InputError>([&] { read_predictions(file); });
    EXPECT_TRUE(test::contains(message, file.string())) << text << ": " << message;
  }
  EXPECT_THROW(read_predictions(folder.path() / "missing"), InputError);
  EXPECT_THROW(read_predictions(folder.path()), InputError);
}

TEST(Score, MissingPredictionsCountZeroAndAreNamed) {
  const test::FakeTask task(4);
  const auto samples = task.read("data", "val");
  const ScoreResult result = score_predictions(task, samples, {{"id0", "answer 0"}, {"id2", "zwölf"}});
  EXPECT_EQ(result.missing, (std::vector<std::string>{"id1", "id3"}));
  EXPECT_EQ(result.summary["missing"], 2);
  EXPECT_EQ(result.summary["score"], 0.5);
}

TEST(Score, StrangePredictionsAreRefused) {
  const test::FakeTask task(4);
  const std::string message = test::message_of<InputError>([&] {
    score_predictions(task, task.read("data", "val"), {{"id0", "a"}, {"id99", "b"}});
  });
  EXPECT_TRUE(test::contains(message, "1 of 2") && test::contains(message, "'id99'")) << message;
}

TEST(Score, AnotherMetricCanBeAskedFor) {
  const test::FakeTask task(2);
  const auto samples = task.read("data", "val");
  const ScoreResult result = score_predictions(task, samples, {{"id0", "answer 0."}, {"id1", "answer 10"}}, "exact_match");
  EXPECT_EQ(result.summary["score"], 0.5);
  EXPECT_EQ(result.summary["metric"], "exact_match");
  EXPECT_THROW(score_predictions(task, samples, {}, "none"), InputError);
}

}  // namespace
}  // namespace zlens
