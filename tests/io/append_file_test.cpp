#include <gtest/gtest.h>

#include <algorithm>

#include "io/atomic_file.h"
#include "io/faulty_file_ops.h"
#include "io/support.h"

namespace zlens {
namespace {

using test::FaultyFileOps;
using test::read_bytes;
using test::TemporaryFolder;
using test::write_bytes;

TEST(AppendFile, CreatesAndContinues) {
  const TemporaryFolder folder;
  {
    AppendFile log(folder / "log");
    log.append("one");
    log.append("");
    log.sync();
  }
  AppendFile log(folder / "log");
  log.append("two");
  EXPECT_EQ(read_bytes(folder / "log"), "one\n\ntwo\n");
}

TEST(AppendFile, OneWriteALine) {
  const TemporaryFolder folder;
  FaultyFileOps ops;
  AppendFile log(folder / "log", ops);
  const auto before = std::count(ops.calls.begin(), ops.calls.end(), "write");
  log.append(std::string(100'000, 'x'));
  EXPECT_EQ(std::count(ops.calls.begin(), ops.calls.end(), "write"), before + 1);
}

// Cuts a log at every byte: opening must give back exactly its whole lines.
TEST(AppendFile, TornLastLineIsCutOff) {
  const std::string whole = "first\nsecond line\n\nlast\n";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const TemporaryFolder folder;
    const std::string kept = whole.substr(0, size);
    write_bytes(folder / "log", kept);
    AppendFile log(folder / "log");
    log.append("next");
    const std::size_t newline = kept.rfind('\n');
    const std::string lines = newline == kept.npos ? "" : kept.substr(0, newline + 1);
    EXPECT_EQ(read_bytes(folder / "log"), lines + "next\n") << size;
  }
}

TEST(AppendFile, TornLineLongerThanABufferIsCutOff) {
  for (const std::size_t torn : {65534UL, 65535UL, 65536UL, 65537UL, 200'000UL}) {
    const TemporaryFolder folder;
    write_bytes(folder / "log", "whole\n" + std::string(torn, 'x'));
    AppendFile log(folder / "log");
    EXPECT_EQ(read_bytes(folder / "log"), "whole\n") << torn;
  }
}

TEST(AppendFile, NewlinesInARecordAreRefused) {
  const TemporaryFolder folder;
  AppendFile log(folder / "log");
  EXPECT_THROW(log.append("a\nb"), Error);
  EXPECT_EQ(read_bytes(folder / "log"), "");
}

TEST(AppendFile, ShortWritesAndSignalsGoOn) {
  const TemporaryFolder folder;
  FaultyFileOps ops({4, EINTR, false});
  ops.max_write = 2;
  AppendFile log(folder / "log", ops);
  log.append("abcdefg");
  EXPECT_EQ(read_bytes(folder / "log"), "abcdefg\n");
}

struct Outcome {
  bool failed = false;
  bool reached = false;
  int appended = 0;
};

Outcome write_three(const std::filesystem::path& path, test::Fault fault) {
  FaultyFileOps ops(fault);
  ops.max_write = 4;
  Outcome outcome;
  try {
    AppendFile log(path, ops);
    for (const char* line : {"record 1", "record 2", "record 3"}) {
      log.append(line);
      ++outcome.appended;
      log.sync();
    }
  } catch (const Error& error) {
    outcome.failed = true;
    EXPECT_NE(std::string(error.what()).find(path.parent_path().string()), std::string::npos) << error.what();
  }
  outcome.reached = ops.reached();
  return outcome;
}

// Fails every call in turn, once and for ever, on a log with a torn line. Reopened, it holds whole lines: all that were appended.
TEST(AppendFile, EveryFailureLosesNoAppendedLine) {
  int faults = 0;
  for (const bool for_ever : {false, true}) {
    for (int call = 1;; ++call) {
      const TemporaryFolder folder;
      write_bytes(folder / "log", "old\ntor");
      const Outcome outcome = write_three(folder / "log", {call, ENOSPC, for_ever});
      AppendFile reopened(folder / "log");
      std::string expected = "old\n";
      for (int i = 1; i <= outcome.appended; ++i) expected += "record " + std::to_string(i) + "\n";
      EXPECT_EQ(read_bytes(folder / "log"), expected) << call;
      if (!outcome.reached) break;
      ++faults;
    }
  }
  EXPECT_GE(faults, 2 * 15);
}

TEST(AppendFile, AfterAFailedWriteTheLogGoesOnWhole) {
  const TemporaryFolder folder;
  FaultyFileOps ops({5, ENOSPC, false});  // open, the folder's open, fsync and close, then the first write
  AppendFile log(folder / "log", ops);
  EXPECT_THROW(log.append("lost"), Error);
  log.append("kept");
  EXPECT_EQ(read_bytes(folder / "log"), "kept\n");
}

TEST(AppendFile, AFailedSyncIsNeverTriedAgain) {
  const TemporaryFolder folder;
  FaultyFileOps ops({6, EIO, false});
  AppendFile log(folder / "log", ops);
  log.append("x");
  EXPECT_THROW(log.sync(), Error);
  const int calls = ops.count();
  EXPECT_THROW(log.sync(), Error);
  EXPECT_THROW(log.append("y"), Error);
  EXPECT_EQ(ops.count(), calls);
}

TEST(AppendFile, BadPathsAreNamed) {
  const TemporaryFolder folder;
  EXPECT_THROW(AppendFile(folder.path()), Error);
  EXPECT_THROW(AppendFile(folder.path() / "none" / "log"), Error);
  EXPECT_THROW(AppendFile("/dev/null"), Error);
}

}  // namespace
}  // namespace zlens
