#include "io/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "io/error.h"

namespace zlens {
namespace {

int lock_now(int descriptor) {
  int result = 0;
  do {
    result = ::flock(descriptor, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

}  // namespace

FileLock::FileLock(std::filesystem::path path) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw Error(path.string() + ": cannot be opened for locking: " + std::generic_category().message(errno));
  const int error = lock_now(descriptor_);
  if (error == 0) return;
  ::close(descriptor_);
  if (error == EWOULDBLOCK) {
    throw Error(path.string() + ": locked by another process; wait until it ends, or choose another folder");
  }
  throw Error(path.string() + ": cannot be locked: " + std::generic_category().message(error));
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

}  // namespace zlens
