#include "app/command_fixture.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "support/model_folder.h"

namespace zlens {

CommandTest::CommandTest() {
  std::filesystem::create_directories(folder_ / "model");
  write_model_folder("llama3", folder_ / "model");
}

Outcome CommandTest::zlens(const std::vector<std::string>& words, ProcessOptions options) const {
  std::vector<std::string> command = {ZLENS_COMMAND};
  command.insert(command.end(), words.begin(), words.end());
  options.environment.push_back("XDG_CACHE_HOME=" + (folder_ / "cache").string());
  return run_process(command, options);
}

void CommandTest::expect_refused(const std::vector<std::string>& words, const std::string& text, int code) const {
  const Outcome outcome = zlens(words);
  EXPECT_EQ(outcome.exit_code, code) << outcome.err;
  EXPECT_NE(outcome.err.find(text), std::string::npos) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

std::vector<std::string> CommandTest::train_router(const std::string& data, const std::vector<std::string>& more) const {
  std::vector<std::string> words = {"train",
                                    "--model",
                                    model(),
                                    "--dtype",
                                    "fp32",
                                    "--attach",
                                    "transcript",
                                    "--task",
                                    "dispatch",
                                    "--experts",
                                    folder_ / "experts",
                                    "--data",
                                    data,
                                    "--out",
                                    folder_ / "experts/router.safetensors",
                                    "--objective",
                                    "sft",
                                    "--validation-split",
                                    "none"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void CommandTest::write(const std::string& name, const std::string& bytes) const {
  std::filesystem::create_directories((folder_ / name).parent_path());
  std::ofstream(folder_ / name, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace zlens
