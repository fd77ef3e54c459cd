#include "support/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "io/error.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void redirect(const std::filesystem::path& path, int descriptor, int flags) {
  const int file = open(path.c_str(), flags, 0600);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(127);
}

[[noreturn]] void become(const std::vector<std::string>& words, const ProcessOptions& options, const TemporaryFolder& folder) {
  redirect(folder / "in", STDIN_FILENO, O_RDONLY);
  redirect(folder / "out", STDOUT_FILENO, O_WRONLY | O_CREAT);
  redirect(folder / "err", STDERR_FILENO, O_WRONLY | O_CREAT);
  for (const std::string& variable : options.environment) putenv(const_cast<char*>(variable.c_str()));
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

Outcome run_process(const std::vector<std::string>& words, const ProcessOptions& options) {
  const TemporaryFolder folder;
  std::ofstream(folder / "in", std::ios::binary) << options.input;
  const pid_t child = fork();
  if (child < 0) throw Error("cannot fork");
  if (child == 0) become(words, options, folder);
  if (options.while_running) options.while_running(child);
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), contents(folder / "out"), contents(folder / "err")};
}

}  // namespace zlens
