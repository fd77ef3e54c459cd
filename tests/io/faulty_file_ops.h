// System calls that fail on demand.
#pragma once

#include <cerrno>
#include <cstddef>
#include <string>
#include <vector>

#include "io/file_ops.h"

namespace zlens::test {

struct Fault {
  int call = 0;  // the first call that fails, from 1; 0: none
  int error = EIO;
  bool for_ever = false;
};

// Counts all calls and records their names; those that the fault hits do nothing but set errno.
// close() closes all the same, as Linux does.
class FaultyFileOps : public FileOps {
 public:
  explicit FaultyFileOps(Fault fault = {}) : fault_(fault) {}

  int open(const char* path, int flags, mode_t mode) override { return hit("open") ? -1 : FileOps::open(path, flags, mode); }
  ssize_t write(int descriptor, const void* data, std::size_t size) override {
    if (hit("write")) return -1;
    return FileOps::write(descriptor, data, max_write != 0 && size > max_write ? max_write : size);
  }
  int fsync(int descriptor) override { return hit("fsync") ? -1 : FileOps::fsync(descriptor); }
  int ftruncate(int descriptor, off_t size) override { return hit("ftruncate") ? -1 : FileOps::ftruncate(descriptor, size); }
  int close(int descriptor) override {
    const bool fails = hit("close");
    const int result = FileOps::close(descriptor);
    if (fails) errno = fault_.error;
    return fails ? -1 : result;
  }
  int rename(const char* from, const char* to) override { return hit("rename") ? -1 : FileOps::rename(from, to); }
  int unlink(const char* path) override { return hit("unlink") ? -1 : FileOps::unlink(path); }

  int count() const { return static_cast<int>(calls.size()); }
  bool reached() const { return fault_.call != 0 && count() >= fault_.call; }

  std::vector<std::string> calls;
  std::size_t max_write = 0;  // bytes that one write takes; 0: all

 private:
  bool hit(const char* name) {
    calls.emplace_back(name);
    const bool fails = fault_.call != 0 && (fault_.for_ever ? count() >= fault_.call : count() == fault_.call);
    if (fails) errno = fault_.error;
    return fails;
  }

  Fault fault_;
};

}  // namespace zlens::test
