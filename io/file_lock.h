// One process at a time in a folder.
#pragma once

#include <filesystem>

namespace zlens {

// Holds flock(2) on `path` (created where missing, left behind) until destroyed; a killed process releases it by dying.
class FileLock {
 public:
  // Throws Error at once, naming the path, where another process holds the lock.
  explicit FileLock(std::filesystem::path path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace zlens
