#include "io/atomic_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "io/atomic_file.h"
#include "io/support.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

TEST(AtomicFolder, AppearsWholeAtCommit) {
  const TemporaryFolder parent;
  {
    AtomicFolder folder(parent / "out");
    write_file_atomically(folder.path() / "file", "text");
    EXPECT_FALSE(fs::exists(parent / "out"));
    folder.commit();
  }
  EXPECT_EQ(test::read_bytes(parent / "out/file"), "text");
  EXPECT_EQ(test::entries(parent.path()), 1U);
}

TEST(AtomicFolder, LeavesNothingWithoutCommit) {
  const TemporaryFolder parent;
  {
    const AtomicFolder folder(parent / "out");
    write_file_atomically(folder.path() / "file", "text");
  }
  EXPECT_EQ(test::entries(parent.path()), 0U);
}

TEST(AtomicFolder, RemovesWhatKilledProcessesLeftAndNothingElse) {
  const TemporaryFolder parent;
  const pid_t child = ::fork();
  if (child == 0) {
    const AtomicFolder folder(parent / "killed");
    write_file_atomically(folder.path() / "file", "half");
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(test::entries(parent.path()), 1U);
  // Of another machine with the same numbers, and of somebody who only likes the name.
  const fs::path left = fs::directory_iterator(parent.path())->path();
  fs::create_directory(parent / (".zlens-tmp-elsewhere-" + std::to_string(child) + "-0"));
  fs::create_directory(parent / ".zlens-tmp-mine");
  const AtomicFolder living(parent / "living");
  EXPECT_FALSE(fs::exists(left));
  const AtomicFolder next(parent / "next");
  EXPECT_TRUE(fs::exists(living.path()));
  EXPECT_NE(living.path(), next.path());
  EXPECT_EQ(test::entries(parent.path()), 4U);
}

TEST(AtomicFolder, RefusesToReplaceAnythingButAnEmptyFolder) {
  const TemporaryFolder parent;
  fs::create_directory(parent / "empty");
  AtomicFolder(parent / "empty/").commit();
  EXPECT_TRUE(fs::is_directory(parent / "empty"));
  fs::create_directory(parent / "full");
  test::write_bytes(parent / "full/file", "precious");
  test::expect_refused("full", "exists already", [&] { AtomicFolder folder(parent / "full"); });
  test::write_bytes(parent / "file", "precious");
  test::expect_refused("file", "exists already", [&] { AtomicFolder folder(parent / "file"); });
  AtomicFolder late(parent / "late");
  fs::create_directory(parent / "late");
  test::write_bytes(parent / "late/file", "precious");
  EXPECT_THROW(late.commit(), InputError) << "made by somebody else meanwhile";
  EXPECT_EQ(test::read_bytes(parent / "late/file"), "precious");
  EXPECT_THROW(AtomicFolder(parent / "no/such/parent"), Error);
}

}  // namespace
}  // namespace zlens
