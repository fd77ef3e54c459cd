#include "io/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <system_error>

#include "io/faulty_file_ops.h"
#include "io/support.h"

namespace zlens {
namespace {

using test::entries;
using test::Fault;
using test::FaultyFileOps;
using test::read_bytes;
using test::TemporaryFolder;
using test::write_bytes;

void save(const std::filesystem::path& path, FileOps& ops) {
  AtomicFile file(path, ops);
  file.write("new ");
  file.write("text");
  file.commit();
}

TEST(AtomicFile, WritesAndReplaces) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "one");
  EXPECT_EQ(read_bytes(folder / "a"), "one");
  write_file_atomically(folder / "a", std::string_view("\0two", 4));
  EXPECT_EQ(read_bytes(folder / "a"), std::string("\0two", 4));
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(AtomicFile, SyncsBeforeItRenamesAndTheFolderAfterwards) {
  const TemporaryFolder folder;
  FaultyFileOps ops;
  save(folder / "a", ops);
  EXPECT_EQ(ops.calls, (std::vector<std::string>{"open", "write", "write", "fsync", "close", "rename", "open", "fsync", "close"}));
}

TEST(AtomicFile, WithoutCommitNothingRemains) {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.write("new");
    EXPECT_EQ(entries(folder.path()), 2U);
  }
  EXPECT_EQ(entries(folder.path()), 1U);
  EXPECT_EQ(read_bytes(folder / "a"), "old");
}

TEST(AtomicFile, SeveralAtOnceDoNotMeet) {
  const TemporaryFolder folder;
  AtomicFile one(folder / "a"), two(folder / "a"), three(folder / "b");
  one.write("1");
  two.write("2");
  three.write("3");
  two.commit();
  one.commit();
  three.commit();
  EXPECT_EQ(read_bytes(folder / "a"), "1");
  EXPECT_EQ(read_bytes(folder / "b"), "3");
  EXPECT_EQ(entries(folder.path()), 2U);
}

TEST(AtomicFile, ShortWritesGoOn) {
  const TemporaryFolder folder;
  FaultyFileOps ops;
  ops.max_write = 3;
  save(folder / "a", ops);
  EXPECT_EQ(read_bytes(folder / "a"), "new text");
}

// Fails every call in turn, once and for ever, over an old file and over none.
TEST(AtomicFile, EveryFailureLeavesTheOldOrTheWholeNewFile) {
  int faults = 0;
  for (const int error : {EIO, ENOSPC, EDQUOT}) {
    for (int call = 1;; ++call) {
      bool reached = false;
      for (const bool for_ever : {false, true}) {
        const TemporaryFolder folder;
        write_bytes(folder / "a", "old");
        FaultyFileOps ops({call, error, for_ever});
        ops.max_write = 3;
        try {
          save(folder / "a", ops);
          EXPECT_TRUE(!ops.reached() || ops.calls[static_cast<std::size_t>(call) - 1] == "close")
              << "silent failure of call " << call;
        } catch (const Error& caught) {
          EXPECT_NE(std::string(caught.what()).find(folder.path().string()), std::string::npos) << caught.what();
          EXPECT_NE(std::string(caught.what()).find(std::generic_category().message(error)), std::string::npos) << caught.what();
        }
        const std::string text = read_bytes(folder / "a");
        EXPECT_TRUE(text == "old" || text == "new text") << "call " << call << ": " << text;
        if (!for_ever) {
          EXPECT_EQ(entries(folder.path()), 1U) << "call " << call;
        }
        reached = reached || ops.reached();
        faults += ops.reached() ? 1 : 0;
      }
      if (!reached) break;
    }
  }
  EXPECT_GE(faults, 3 * 2 * 10);
}

TEST(AtomicFile, FailureBeforeTheRenameLeavesTheOldFile) {
  for (int call = 1; call <= 6; ++call) {
    const TemporaryFolder folder;
    write_bytes(folder / "a", "old");
    FaultyFileOps ops({call, EIO, false});
    EXPECT_THROW(save(folder / "a", ops), Error) << call;
    EXPECT_EQ(read_bytes(folder / "a"), "old") << call;
  }
}

TEST(AtomicFile, AFailedSyncIsNeverTriedAgain) {
  const TemporaryFolder folder;
  FaultyFileOps ops({3, EIO, false});
  AtomicFile file(folder / "a", ops);
  file.write("x");
  EXPECT_THROW(file.commit(), Error);
  EXPECT_THROW(file.commit(), Error);
  EXPECT_THROW(file.write("y"), Error);
  EXPECT_EQ(std::count(ops.calls.begin(), ops.calls.end(), "fsync"), 1);
  EXPECT_EQ(entries(folder.path()), 0U);
}

TEST(AtomicFile, SignalsDoNotTearWrites) {
  const TemporaryFolder folder;
  for (int call = 1; call <= 3; ++call) {
    FaultyFileOps ops({call, EINTR, false});
    save(folder / "a", ops);
    EXPECT_EQ(read_bytes(folder / "a"), "new text");
    EXPECT_EQ(entries(folder.path()), 1U);
  }
}

TEST(AtomicFile, UsableOnlyUntilCommit) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.commit();
  EXPECT_THROW(file.write("late"), Error);
  EXPECT_THROW(file.commit(), Error);
}

TEST(AtomicFile, BadTargetsAreNamed) {
  const TemporaryFolder folder;
  const std::filesystem::path inside_nothing = folder.path() / "none" / "a";
  try {
    write_file_atomically(inside_nothing, "x");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(inside_nothing.string()), std::string::npos) << error.what();
  }
  EXPECT_THROW(write_file_atomically(folder.path() / "", "x"), Error);
  std::filesystem::create_directory(folder / "sub");
  EXPECT_THROW(write_file_atomically(folder / "sub", "x"), Error);
  EXPECT_EQ(entries(folder.path()), 1U);
}

// A real refusal by the kernel: the child may write files of 1000 bytes only.
TEST(AtomicFile, RealSizeLimitLeavesTheOldFile) {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "old");
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int code = 1;
    try {
      write_file_atomically(folder / "a", std::string(5000, 'x'));
    } catch (const Error&) {
      code = 0;
    }
    ::_exit(code);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read_bytes(folder / "a"), "old");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(AtomicFile, LeftoversOfKilledProcessesAreRemovedAndNothingElse) {
  const TemporaryFolder folder;
  write_bytes(folder / "keep.txt", "x");
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(folder / "a");
    file.write("half");
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(entries(folder.path()), 2U);
  EXPECT_EQ(remove_stale_temporaries(folder.path()), 1U);
  EXPECT_EQ(entries(folder.path()), 1U);
  EXPECT_EQ(read_bytes(folder / "keep.txt"), "x");
  EXPECT_THROW(remove_stale_temporaries(folder / "none"), Error);
}

}  // namespace
}  // namespace zlens
