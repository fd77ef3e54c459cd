// An open file that closes itself; for reading, where the result of close(2) says nothing.
#pragma once

#include <unistd.h>

namespace zlens {

class FileDescriptor {
 public:
  explicit FileDescriptor(int value) : value_(value) {}
  ~FileDescriptor() {
    if (value_ >= 0) ::close(value_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;  // -1: none
};

}  // namespace zlens
