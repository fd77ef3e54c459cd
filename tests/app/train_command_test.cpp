// Training from the command line: what is written, kills, full disks, and classifiers.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include "app/command_fixture.h"
#include "experts/expert.h"
#include "io/json.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

class TrainCommand : public CommandTest {
 protected:
  void SetUp() override {
    for (const char* split : {"train", "val"}) synth("math", split);
  }

  void synth(const std::string& kind, const std::string& split) const {
    const Outcome made = zlens({"synth", "--kind", kind, "--count", "12", "--split", split, "--out", folder_ / kind});
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }

  std::vector<std::string> train(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"train",
                                      "--model",
                                      model(),
                                      "--dtype",
                                      "fp32",
                                      "--threads",
                                      "1",
                                      "--attach",
                                      "transcript",
                                      "--task",
                                      "jsonl",
                                      "--data",
                                      folder_ / "math",
                                      "--prompt",
                                      "math-text",
                                      "--out",
                                      folder_ / (out + ".safetensors"),
                                      "--objective",
                                      "sft",
                                      "--prompts",
                                      "2",
                                      "--validate-every",
                                      "50",
                                      "--checkpoint-every",
                                      "1",
                                      "--max-new-tokens",
                                      "4"};
    words.insert(words.end(), more.begin(), more.end());
    if (std::find(more.begin(), more.end(), "--steps") == more.end()) words.insert(words.end(), {"--steps", "150"});
    return words;
  }

  std::string bytes_of(const std::string& out) const { return read_text_file(folder_ / (out + ".safetensors")); }
};

// Whenever a training ends before it is killed, it must have ended right, and another begins.
TEST_F(TrainCommand, KilledFiftyTimesItEndsWithTheSameBits) {
  ASSERT_EQ(zlens(train("x/whole")).exit_code, 0);
  std::mt19937 random(11);
  int kills = 0, ended = 0;
  const auto ends_right = [&](const std::string& out, const Outcome& outcome) {
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(bytes_of("x/whole"), bytes_of(out));
    for (const auto& entry : fs::directory_iterator(folder_ / (out + ".safetensors.train")))
      EXPECT_EQ(entry.path().string().find(".zlens-tmp-"), std::string::npos) << entry.path() << " was left behind";
  };
  const auto out = [&] { return "y" + std::to_string(ended) + "/whole"; };
  while (kills < 50) {
    const auto strike = [&](pid_t process) {
      std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution(0, 400'000)(random)));
      kill(process, SIGKILL);
    };
    const Outcome outcome = zlens(train(out(), {"--resume"}), {.while_running = strike});
    if (outcome.exit_code == 128 + SIGKILL) {
      ++kills;
    } else {
      ends_right(out(), outcome);
      ++ended;
    }
  }
  ends_right(out(), zlens(train(out(), {"--resume"})));
}

TEST_F(TrainCommand, AFullDiskIsAClearErrorAndNothingIsLost) {
  ASSERT_EQ(zlens(train("x/whole")).exit_code, 0);
  // A limit on the size of files stands in for the full disk: the checkpoint does not fit.
  const std::vector<std::string> words = train("y/whole");
  std::vector<std::string> limited = {"/bin/sh", "-c", "ulimit -f 8; exec \"$0\" \"$@\"", ZLENS_COMMAND};
  limited.insert(limited.end(), words.begin(), words.end());
  const Outcome outcome = run_process(limited, {.environment = {"XDG_CACHE_HOME=" + (folder_ / "cache").string()}});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_NE(outcome.err.find("y/whole"), std::string::npos) << outcome.err;
  EXPECT_FALSE(fs::exists(folder_ / "y/whole.safetensors"));
  const Outcome last = zlens(train("y/whole", {"--resume"}));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(bytes_of("x/whole"), bytes_of("y/whole"));
}

TEST_F(TrainCommand, AnotherStartIsAnotherTraining) {
  ASSERT_EQ(zlens(train("first", {"--steps", "2"})).exit_code, 0);
  ASSERT_EQ(zlens(train("second", {"--steps", "3", "--seed", "4"})).exit_code, 0);
  const fs::path start = folder_ / "start.safetensors";
  fs::copy_file(folder_ / "first.safetensors", start);
  ASSERT_EQ(zlens(train("on", {"--steps", "2", "--init", start})).exit_code, 0);
  expect_refused(train("other", {"--steps", "2", "--init", start, "--matrices", "mlp"}), "--matrices");
  expect_refused(train("other", {"--steps", "2", "--init", start, "--scope", "answer"}), "--scope");
  fs::copy_file(folder_ / "second.safetensors", start, fs::copy_options::overwrite_existing);
  const Outcome other = zlens(train("on", {"--steps", "2", "--init", start, "--resume"}));
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.err.find("belongs to another training"), std::string::npos) << other.err;
}

TEST_F(TrainCommand, AClassifierLearnsFromTheExpertsOwnData) {
  for (const char* split : {"train", "val"}) synth("receipt", split);
  fs::create_directories(folder_ / "experts");
  ASSERT_EQ(zlens(train("experts/math", {"--steps", "1", "--description", "sums"})).exit_code, 0);
  ASSERT_EQ(zlens(train("experts/receipt", {"--steps", "1", "--description", "shops"})).exit_code, 0);
  const auto ask = [&](const std::string& experts, const std::string& dispatch) -> std::vector<std::string> {
    return {"ask",        "--model", model(),  "--dtype",          "fp32", "--expert", "auto", "--experts", folder_ / experts,
            "--dispatch", dispatch,  "--json", "--max-new-tokens", "2",    "2 + 3"};
  };
  const auto why_asked = [&](const std::string& experts = "experts", const std::string& dispatch = "") {
    const Outcome asked = zlens(ask(experts, dispatch));
    return parse_json(asked.out, asked.err).at("why");
  };
  expect_refused(ask("experts", "classifier"), "--dispatch prototype");
  EXPECT_EQ(why_asked().at("dispatch"), "prompt");
  const std::string math = folder_ / "math", receipt = folder_ / "receipt";
  const Outcome trained = zlens(train_router("math=" + math + ",receipt=" + receipt + ",others=" + receipt,
                                             {"--steps", "3", "--limit", "16", "--prompts", "4", "--max-new-tokens", "8"}));
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_EQ(read_expert(folder_ / "experts/router.safetensors").record.at("task"), "dispatch");
  const Json why = why_asked();
  EXPECT_EQ(why.at("dispatch"), "classifier") << "where one was trained, it decides";
  EXPECT_EQ(why.at("scores").size(), 3u) << "the classifier is none of the experts that it chooses from; others belong to the base";
  EXPECT_EQ(why_asked("experts", "prototype").at("scores").size(), 2u);

  // A folder that is named is all there is to choose from, whatever lies where names are looked up besides.
  fs::create_directories(folder_ / "data/zlens");
  fs::rename(folder_ / "experts", folder_ / "data/zlens/experts");
  setenv("XDG_DATA_HOME", (folder_ / "data").c_str(), 1);
  EXPECT_EQ(why_asked("data/zlens/experts").at("scores").size(), 3u);
  fs::create_directories(folder_ / "other");
  ASSERT_EQ(zlens(train("other/word", {"--steps", "1", "--description", "words"})).exit_code, 0);
  EXPECT_EQ(why_asked("other").at("dispatch"), "prompt");
  EXPECT_EQ(why_asked("other").at("scores").size(), 2u) << "the expert, and others";
  unsetenv("XDG_DATA_HOME");
  fs::rename(folder_ / "data/zlens/experts", folder_ / "experts");

  expect_refused(train_router("chart=" + math, {}), "chart");
  expect_refused(train_router(math, {}), "EXPERT=DIR");
}

}  // namespace
}  // namespace zlens
