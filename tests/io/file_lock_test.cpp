#include "io/file_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "io/support.h"

namespace zlens {
namespace {

using test::TemporaryFolder;

enum Exit { kLocked = 0, kRefused = 3 };

int try_lock(const std::filesystem::path& path) {
  try {
    const FileLock lock(path);
    return kLocked;
  } catch (const Error& error) {
    return std::string(error.what()).find("another process") != std::string::npos ? kRefused : 1;
  }
}

int wait_for(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int try_lock_in_child(const std::filesystem::path& path) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(try_lock(path));
  return wait_for(child);
}

TEST(FileLock, KeepsOthersOutUntilReleased) {
  const TemporaryFolder folder;
  {
    const FileLock lock(folder / "lock");
    EXPECT_EQ(try_lock_in_child(folder / "lock"), kRefused);
    EXPECT_EQ(try_lock(folder / "lock"), kRefused) << "a second lock of the same process is refused, too";
    EXPECT_EQ(try_lock_in_child(folder / "other"), kLocked);
  }
  EXPECT_EQ(try_lock_in_child(folder / "lock"), kLocked);
  EXPECT_TRUE(std::filesystem::exists(folder / "lock"));
}

TEST(FileLock, AKilledHolderReleasesIt) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock lock(folder / "lock");
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(try_lock(folder / "lock"), kRefused);
  ::kill(child, SIGKILL);
  wait_for(child);
  EXPECT_EQ(try_lock(folder / "lock"), kLocked);
  ::close(ready[0]);
  ::close(ready[1]);
}

// All children try while the winner still holds the lock: it ends only once the pipe closes.
TEST(FileLock, ExactlyOneOfManyWins) {
  for (int round = 0; round < 20; ++round) {
    const TemporaryFolder folder;
    int gate[2], results[2];
    ASSERT_EQ(::pipe(gate), 0);
    ASSERT_EQ(::pipe(results), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < 16; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::close(gate[1]);
        char result = 'l';
        try {
          const FileLock lock(folder / "lock");
          result = 'w';
          if (::write(results[1], &result, 1) != 1) ::_exit(1);
          ::_exit(::read(gate[0], &result, 1) == 0 ? 0 : 1);
        } catch (const Error&) {
          ::_exit(::write(results[1], &result, 1) == 1 ? 0 : 1);
        }
      }
      children.push_back(child);
    }
    int winners = 0;
    for (int i = 0; i < 16; ++i) {
      char result = 0;
      ASSERT_EQ(::read(results[0], &result, 1), 1);
      winners += result == 'w' ? 1 : 0;
    }
    EXPECT_EQ(winners, 1);
    ::close(gate[1]);
    for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
    for (const int descriptor : {gate[0], results[0], results[1]}) ::close(descriptor);
  }
}

TEST(FileLock, BadPathsAreNamed) {
  const TemporaryFolder folder;
  try {
    const FileLock lock(folder.path() / "none" / "lock");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("none/lock"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace zlens
