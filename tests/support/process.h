// Runs a program as a person would, and keeps what it said.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace zlens {

struct Outcome {
  int exit_code = 0;  // 128 + n where signal n ended it
  std::string out, err;
};

struct ProcessOptions {
  std::string input;                                 // standard input
  std::vector<std::string> environment;              // "NAME=value", added
  std::function<void(pid_t process)> while_running;  // called once after the start, e.g. to send a signal
};

// `words[0]` is the program's path.
Outcome run_process(const std::vector<std::string>& words, const ProcessOptions& options = {});

}  // namespace zlens
