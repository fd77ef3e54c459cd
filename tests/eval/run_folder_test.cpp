#include "eval/run_folder.h"

#include <gtest/gtest.h>

#include "io/error.h"
#include "tests/eval/fake_run.h"

namespace zlens {
namespace {

std::string line(const std::string& id, const std::string& prediction = "p") {
  Sample sample;
  sample.id = id;
  sample.references = {"p"};
  Answer answer;
  answer.prediction = prediction;
  return to_json(make_record(sample, answer, "anls")).dump() + "\n";
}

TEST(Records, ATornTailIsLeftOut) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "samples.jsonl";
  EXPECT_TRUE(read_records(file).empty());
  test::write(file, line("a") + line("b") + line("c").substr(0, 20));
  EXPECT_EQ(read_records(file).size(), 2u);
}

TEST(Records, DamageInTheMiddleNamesTheByte) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "samples.jsonl";
  const std::string offset = "byte " + std::to_string(line("a").size());
  Json no_score = parse_json(line("b"), "b"), high = no_score, negative_id = no_score;
  no_score.erase("score");
  high["score"] = 1.5;
  negative_id["id"] = -1;
  for (const std::string& damaged :
       {std::string("\n"), std::string("{}\n"), std::string("nul\0x\n", 6), line("b").substr(3), no_score.dump() + "\n",
        high.dump() + "\n", negative_id.dump() + "\n", std::string("{\"id\": \"\xFF\"}\n")}) {
    test::write(file, line("a") + damaged + line("c"));
    const std::string message = test::message_of<InputError>([&] { read_records(file); });
    EXPECT_TRUE(test::contains(message, offset)) << message;
    EXPECT_FALSE(test::contains(message, "\n"));
  }
}

TEST(Records, EqualDuplicatesMergeDifferentOnesAreAnError) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "samples.jsonl";
  test::write(file, line("a") + line("b") + line("a"));
  EXPECT_EQ(read_records(file).size(), 2u);
  test::write(file, line("a") + line("b") + line("a", "q"));
  const std::string message = test::message_of<InputError>([&] { read_records(file); });
  EXPECT_TRUE(test::contains(message, "byte " + std::to_string(2 * line("a").size()))) << message;
}

TEST(Records, JsonAndBackIsTheSame) {
  for (const std::string& text : {line("a"), line("b", "\xFF \t\"x\"")}) {
    EXPECT_EQ(to_json(record_from_json(parse_json(text, "t"))).dump() + "\n", text);
  }
}

TEST(RunFolder, RecordsOfAnotherDataSetAreRefused) {
  const test::TemporaryFolder folder;
  test::FakeAnswerer answerer;
  run_evaluation(test::FakeTask(4), answerer, test::options_for(folder.path()));
  test::write(folder.path() / "samples.jsonl", line("stranger"));
  EXPECT_THROW(run_evaluation(test::FakeTask(4), answerer, test::options_for(folder.path(), true)), InputError);
}

TEST(RunFolder, ADamagedConfigIsRefused) {
  for (const char* text : {"", "{", "[]", "7"}) {
    const test::TemporaryFolder folder;
    test::FakeAnswerer answerer;
    test::write(folder.path() / "config.json", text);
    EXPECT_THROW(run_evaluation(test::FakeTask(4), answerer, test::options_for(folder.path(), true)), InputError) << text;
  }
}

TEST(RunFolder, ALogWithoutItsConfigIsRefused) {
  const test::TemporaryFolder folder;
  test::FakeAnswerer answerer;
  test::write(folder.path() / "samples.jsonl", line("id0"));
  EXPECT_THROW(run_evaluation(test::FakeTask(4), answerer, test::options_for(folder.path(), true)), InputError);
}

TEST(RunFolder, AFileInItsPlaceIsRefused) {
  const test::TemporaryFolder folder;
  test::FakeAnswerer answerer;
  test::write(folder.path() / "run", "a file");
  EXPECT_THROW(run_evaluation(test::FakeTask(4), answerer, test::options_for(folder.path() / "run")), InputError);
  EXPECT_THROW(run_evaluation(test::FakeTask(4), answerer, test::options_for(folder.path() / "run" / "below")), InputError);
}

}  // namespace
}  // namespace zlens
