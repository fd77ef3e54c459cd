// Evaluation from the command line: run folders, failures, kills and resumption.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "app/command_fixture.h"
#include "io/json.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

class EvalCommand : public CommandTest {
 protected:
  EvalCommand() {
    Json data = Json::array();
    for (int i = 0; i < 60; ++i) {
      const std::string stem = std::to_string(i / 3);
      data.push_back({{"questionId", i},
                      {"question", i % 3 ? "What is the total?" : "Who is the seller?"},
                      {"image", "documents/" + stem + ".png"},
                      {"field", i % 3 ? "total" : "company"},
                      {"answers", {std::to_string(i)}}});
      write("data/transcripts/" + stem + ".txt", "SHOP NUMBER " + stem + "\nTOTAL " + std::to_string(i) + ".00");
    }
    write_data(data);
  }

  void write_data(const Json& data) { write("data/test.json", Json({{"dataset_name", "tiny"}, {"data", data}}).dump()); }

  std::vector<std::string> eval(const std::string& run, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"eval",         "--model",  model(),         "--attach",         "transcript",
                                      "--task",       "docvqa",   "--data",        folder_ / "data",   "--out",
                                      folder_ / run,  "--prompt", "receipt-brief", "--max-new-tokens", "12",
                                      "--batch-size", "4"};
    for (const std::string& flag : more) {
      const auto given = flag.starts_with("--") ? std::find(words.begin(), words.end(), flag) : words.end();
      if (given != words.end()) words.erase(given, given + 2);
    }
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  // samples.jsonl without what may differ: keys that end in _s.
  std::string records(const std::string& run) const {
    std::istringstream lines(read_text_file(folder_ / run / "samples.jsonl"));
    std::string out;
    for (std::string line; std::getline(lines, line);) {
      Json record = parse_json(line, "record");
      for (auto entry = record.begin(); entry != record.end();)
        entry = entry.key().ends_with("_s") ? record.erase(entry) : std::next(entry);
      out += record.dump() + "\n";
    }
    return out;
  }
};

TEST_F(EvalCommand, WritesARunFolderAndPrintsTheTable) {
  const Outcome outcome = zlens(eval("run"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* name : {"config.json", "samples.jsonl", "summary.json", "report.html"})
    EXPECT_TRUE(std::filesystem::exists(folder_ / "run" / name)) << name;
  EXPECT_NE(outcome.out.find("company"), std::string::npos) << outcome.out;
  const Json summary = read_json_file(folder_ / "run/summary.json");
  EXPECT_EQ(summary.at("samples"), 60);
  EXPECT_EQ(summary.at("failed"), 0);
  const Outcome again = zlens({"score", "--task", "docvqa", "--data", folder_ / "data", "--json", folder_ / "run"});
  EXPECT_EQ(parse_json(again.out, "score").at("score"), summary.at("score"));
  const Outcome table = zlens({"score", "--task", "docvqa", "--data", folder_ / "data", folder_ / "run"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_EQ(table.out, outcome.out.substr(0, table.out.size()));
  expect_refused(eval("run"), "--resume");
}

TEST_F(EvalCommand, AFailedSampleIsRecordedAndTheRunGoesOn) {
  std::filesystem::remove(folder_ / "data/transcripts/3.txt");
  const Outcome outcome = zlens(eval("run"));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(read_json_file(folder_ / "run/summary.json").at("failed"), 3);
  EXPECT_NE(records("run").find("transcripts/3.txt"), std::string::npos);
}

TEST_F(EvalCommand, KilledAtAnyMomentAndResumedEqualsUninterrupted) {
  ASSERT_EQ(zlens(eval("whole", {"--no-report"})).exit_code, 0);
  const std::string expected = records("whole");
  int kills = 0;
  for (const int milliseconds : {0, 350, 600, 800, 1100, 1500}) {
    const std::string run = "killed" + std::to_string(milliseconds);
    const auto strike = [&](pid_t process) {
      // 0: as soon as the first record is there, however fast the machine is.
      const auto samples = folder_ / run / "samples.jsonl";
      while (milliseconds == 0 && (!std::filesystem::exists(samples) || std::filesystem::file_size(samples) == 0))
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      kill(process, SIGKILL);
    };
    kills += zlens(eval(run, {"--no-report"}), {.while_running = strike}).exit_code == 128 + SIGKILL;
    const Outcome resumed = zlens(eval(run, {"--no-report", "--resume"}));
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(records(run), expected) << milliseconds;
  }
  EXPECT_GT(kills, 0) << "every run ended before it was killed: the test shows nothing";
}

TEST_F(EvalCommand, InterruptedLeavesAResumableRun) {
  ASSERT_EQ(zlens(eval("whole", {"--no-report", "--max-new-tokens", "48"})).exit_code, 0);
  const auto interrupt = [&](pid_t process) {
    while (!std::filesystem::exists(folder_ / "run/samples.jsonl") ||
           std::filesystem::file_size(folder_ / "run/samples.jsonl") == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    kill(process, SIGTERM);
  };
  const Outcome stopped = zlens(eval("run", {"--no-report", "--max-new-tokens", "48"}), {.while_running = interrupt});
  EXPECT_EQ(stopped.exit_code, 128 + SIGTERM) << stopped.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/summary.json"));
  EXPECT_EQ(zlens(eval("run", {"--no-report", "--max-new-tokens", "48", "--resume"})).exit_code, 0);
  EXPECT_EQ(records("run"), records("whole"));
}

TEST_F(EvalCommand, BadDataAndSettingsAreRefused) {
  expect_refused(eval("run", {"--task", "nonsense"}), "nonsense");
  expect_refused({"eval", "--model", model()}, "--task");
  expect_refused(eval("run", {"--split", "absent"}), "absent");
  expect_refused(eval("run", {"--batch-size", "0"}), "batch");
  write("data/test.json", "{\"data\": [");
  expect_refused(eval("run"), "test.json");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/summary.json"));
}

TEST_F(EvalCommand, ResumeWithOtherSettingsFilesOrWeightsSaysWhatDiffers) {
  const std::filesystem::path copy = folder_ / "copy" / std::filesystem::path(model()).filename();
  std::filesystem::create_directories(folder_ / "copy");
  std::filesystem::copy(model(), copy, std::filesystem::copy_options::recursive);
  const auto refused = [&](std::vector<std::string> more, const std::string& difference) {
    more.insert(more.end(), {"--no-report", "--limit", "8", "--resume", "--model", copy.string()});
    const Outcome outcome = zlens(eval("run", more));
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.err.find(difference), std::string::npos) << outcome.err;
  };
  ASSERT_EQ(zlens(eval("run", {"--no-report", "--limit", "8"})).exit_code, 0);
  std::filesystem::remove(folder_ / "run/summary.json");
  refused({"--dtype", "fp32"}, "dtype");
  const std::string transcript = read_text_file(folder_ / "data/transcripts/1.txt");
  write("data/transcripts/1.txt", "another text");
  refused({}, "files_sha256");
  write("data/transcripts/1.txt", transcript);
  std::string weights = read_text_file(copy / "model.safetensors");
  for (std::size_t i = weights.size() / 4; i < weights.size(); i += 101) weights[i] ^= 1;
  write("copy/" + copy.filename().string() + "/model.safetensors", weights);
  refused({}, "base");
}

TEST_F(EvalCommand, NamesFromTheDataAreHarmlessInTheTable) {
  write_data(Json::array({{{"questionId", 0},
                           {"question", "Who?"},
                           {"image", "documents/0.png"},
                           {"field", "\x1b]0;owned\x07total"},
                           {"answers", {"0"}}}}));
  const Outcome outcome = zlens(eval("run", {"--no-report"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("total"), std::string::npos);
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos);
}

TEST_F(EvalCommand, AFailedSampleWithoutReferencesIsNotScored) {
  Json data = Json::array();
  for (int i = 0; i < 2; ++i)
    data.push_back({{"questionId", i}, {"question", "Who?"}, {"image", "documents/" + std::to_string(i) + ".png"}});
  write_data(data);
  std::filesystem::remove(folder_ / "data/transcripts/1.txt");
  EXPECT_EQ(zlens(eval("run", {"--no-report"})).exit_code, 1);
  const Json summary = read_json_file(folder_ / "run/summary.json");
  EXPECT_EQ(summary.at("failed"), 1);
  EXPECT_TRUE(summary.at("score").is_null()) << summary.dump();
}

}  // namespace
}  // namespace zlens
