// Files that exist whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "io/file_ops.h"

namespace zlens {

// Writes into a temporary file in the target's folder; `commit` syncs it, renames it to the target and syncs the folder.
// Destroyed without `commit`, nothing remains. All members throw Error naming the path and the system's reason (no space, …);
// after an error the file is lost and only destruction is left. An error of `commit` leaves the old file or the whole new one.
// Not thread-safe; `ops` must outlive the object.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target, FileOps& ops = system_file_ops());
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  void commit();

 private:
  void discard() noexcept;
  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty once renamed or removed
  FileOps& ops_;
  int descriptor_ = -1;
};

void write_file_atomically(const std::filesystem::path& target, std::string_view text);

// Removes what AtomicFiles of killed processes left in `folder`. Only for a holder of the folder's lock: it would take away the
// temporary files of a living writer, too. Returns how many were removed.
std::size_t remove_stale_temporaries(const std::filesystem::path& folder);

// Appends records to a log. Each `append` is one write(2) of a whole line; `sync` makes what was appended durable.
// Throws Error as AtomicFile does; a line that was not written whole is taken back. After a failed `sync` nobody knows what
// reached the disk: every later call throws. Not thread-safe; `ops` must outlive the object.
class AppendFile {
 public:
  // Opens or creates `path`. An unfinished last line (a torn write) is cut off first.
  explicit AppendFile(std::filesystem::path path, FileOps& ops = system_file_ops());
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // `line` without its newline, which is added.
  void append(std::string_view line);
  void sync();

 private:
  void open();
  void cut_torn_line();
  [[noreturn]] void fail(const char* what, int error);
  std::filesystem::path path_;
  FileOps& ops_;
  int descriptor_ = -1;
  off_t size_ = 0;       // up to the last whole line
  bool failed_ = false;  // contents unknown from here on
};

}  // namespace zlens
