// Folders that exist whole or not at all.
#pragma once

#include <filesystem>

namespace zlens {

// A temporary folder beside the target; `commit` renames it to the target and makes that durable. Its files should be written by
// AtomicFile, which syncs them. Destroyed without `commit`, nothing remains; what killed processes of this machine left beside the
// target is removed by the next one. Not thread-safe.
class AtomicFolder {
 public:
  // Throws InputError where the target exists already and is no empty folder, Error where the folder cannot be made.
  explicit AtomicFolder(std::filesystem::path target);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  const std::filesystem::path& path() const { return temporary_; }  // where to write until `commit`
  void commit();

 private:
  std::filesystem::path target_, temporary_;  // temporary_: empty once renamed
};

}  // namespace zlens
