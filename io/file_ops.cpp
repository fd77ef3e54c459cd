#include "io/file_ops.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace zlens {

int FileOps::open(const char* path, int flags, mode_t mode) {
  return ::open(path, flags, mode);
}
ssize_t FileOps::write(int descriptor, const void* data, std::size_t size) {
  return ::write(descriptor, data, size);
}
int FileOps::fsync(int descriptor) {
  return ::fsync(descriptor);
}
int FileOps::ftruncate(int descriptor, off_t size) {
  return ::ftruncate(descriptor, size);
}
int FileOps::close(int descriptor) {
  return ::close(descriptor);
}
int FileOps::rename(const char* from, const char* to) {
  return ::rename(from, to);
}
int FileOps::unlink(const char* path) {
  return ::unlink(path);
}

FileOps& system_file_ops() {
  static FileOps ops;  // has no state
  return ops;
}

}  // namespace zlens
