// A file mapped into memory, read only.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace zlens {

// The whole text of a file of at most `max_bytes`. Throws InputError naming the path where it cannot be read or is larger.
std::string read_text_file(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);

// Bytes of a regular file, mapped read only and private. Immutable and safe to share between threads.
// A file that shrinks while it is mapped makes reads beyond its end fatal; `verify_unchanged` tells before that.
class MappedFile {
 public:
  // Throws InputError naming the path (missing, a folder, not readable).
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

  // Identity of the file as opened: device, inode, size, modification time in nanoseconds; for caches keyed by file.
  const std::string& identity() const { return identity_; }

  // Throws InputError where the file on disk is no longer the one that was opened.
  void verify_unchanged() const;

  // Tells the kernel that the pages of these bytes may be dropped from memory; they can still be read.
  void release(std::span<const std::byte> range) const;

 private:
  MappedFile() = default;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::filesystem::path path_;
  std::string identity_;
};

}  // namespace zlens
