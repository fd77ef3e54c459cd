#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "io/atomic_file.h"
#include "io/error.h"
#include "io/write_all.h"

namespace zlens {
namespace {

// Bytes up to and with the last newline of a file of `size` bytes; -1 where it cannot be read.
off_t end_of_last_line(int descriptor, off_t size) {
  std::array<char, 65536> buffer;
  while (size > 0) {
    const off_t begin = std::max<off_t>(0, size - static_cast<off_t>(buffer.size()));
    const ssize_t got = ::pread(descriptor, buffer.data(), static_cast<std::size_t>(size - begin), begin);
    if (got < 0 && errno == EINTR) continue;
    if (got != size - begin) return -1;
    const std::size_t newline = std::string_view(buffer.data(), static_cast<std::size_t>(got)).rfind('\n');
    if (newline != std::string_view::npos) return begin + static_cast<off_t>(newline) + 1;
    size = begin;
  }
  return 0;
}

}  // namespace

AppendFile::AppendFile(std::filesystem::path path, FileOps& ops) : path_(std::move(path)), ops_(ops) {
  open();
  try {
    cut_torn_line();
    sync_folder_of(path_, ops_);
  } catch (...) {
    ops_.close(descriptor_);
    throw;
  }
}

AppendFile::~AppendFile() {
  ops_.close(descriptor_);
}

void AppendFile::open() {
  do {
    descriptor_ = ops_.open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) throw_system_error(path_, "cannot be opened for appending", errno);
}

void AppendFile::cut_torn_line() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail("cannot be examined", errno);
  if (!S_ISREG(status.st_mode)) throw Error(path_.string() + ": is not a regular file, a log needs one");
  size_ = end_of_last_line(descriptor_, status.st_size);
  if (size_ < 0) fail("cannot be read to find its last line", EIO);
  if (size_ == status.st_size) return;
  if (ops_.ftruncate(descriptor_, size_) != 0) fail("its torn last line cannot be cut off", errno);
  sync();
}

void AppendFile::append(std::string_view line) {
  if (failed_) throw Error(path_.string() + ": an earlier write failed; open the log again");
  if (line.find('\n') != line.npos) throw Error(path_.string() + ": a record of the log must be one line");
  std::string record(line);
  record += '\n';
  const int error = write_all(ops_, descriptor_, std::as_bytes(std::span(record)));
  if (error == 0) {
    size_ += static_cast<off_t>(record.size());
    return;
  }
  // Take back the part that was written; where even that fails, the next opening cuts it.
  failed_ = ops_.ftruncate(descriptor_, size_) != 0;
  throw_system_error(path_, "cannot be written", error);
}

void AppendFile::sync() {
  if (failed_) throw Error(path_.string() + ": an earlier sync failed; open the log again");
  if (ops_.fsync(descriptor_) != 0) fail("cannot be synced", errno);
}

void AppendFile::fail(const char* what, int error) {
  failed_ = true;
  throw_system_error(path_, what, error);
}

}  // namespace zlens
