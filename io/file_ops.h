// The system calls behind files that are written, in one place so that a test can make any of them fail.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace zlens {

// Every member is the call of its name: same arguments, result and errno. Thread-safe unless a subclass says otherwise.
class FileOps {
 public:
  virtual ~FileOps() = default;
  virtual int open(const char* path, int flags, mode_t mode);
  virtual ssize_t write(int descriptor, const void* data, std::size_t size);
  virtual int fsync(int descriptor);
  virtual int ftruncate(int descriptor, off_t size);
  virtual int close(int descriptor);
  virtual int rename(const char* from, const char* to);
  virtual int unlink(const char* path);
};

// The real calls. Lives for ever.
FileOps& system_file_ops();

}  // namespace zlens
