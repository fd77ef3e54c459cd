#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "io/error.h"
#include "io/file_descriptor.h"

namespace zlens {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw InputError(path.string() + ": " + what);
}

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::string identity_of(const struct stat& status) {
  return std::to_string(status.st_dev) + "-" + std::to_string(status.st_ino) + "-" + std::to_string(status.st_size) + "-" +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

struct stat status_of(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(path, "cannot be examined: " + reason(errno));
  if (S_ISDIR(status.st_mode)) fail(path, "is a folder, a file is needed");
  return status;
}

int open_for_reading(const std::filesystem::path& path, int extra_flags) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | extra_flags);
  if (descriptor < 0) fail(path, "cannot be opened: " + reason(errno));
  return descriptor;
}

}  // namespace

std::string read_text_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const FileDescriptor file(open_for_reading(path, 0));
  const struct stat status = status_of(file, path);
  const auto announced = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
  std::string text;
  std::size_t used = 0;
  // The announced size is a hint only: pipes have none, and a file may grow.
  text.resize(std::min(announced, max_bytes) + 1);
  for (;;) {
    const ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path, "cannot be read: " + reason(errno));
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > max_bytes) fail(path, "is larger than the limit of " + std::to_string(max_bytes) + " bytes");
    if (used == text.size()) text.resize(std::min(max_bytes, used + used / 2 + 4096) + 1);
  }
  text.resize(used);
  return text;
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: a pipe in the file's place is refused below instead of blocking here.
  const FileDescriptor file(open_for_reading(path, O_NONBLOCK));
  const struct stat status = status_of(file, path);
  if (!S_ISREG(status.st_mode)) fail(path, "is not a regular file");
  std::shared_ptr<MappedFile> mapped(new MappedFile());
  mapped->path_ = path;
  mapped->identity_ = identity_of(status);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return mapped;  // mmap refuses empty ranges
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) fail(path, "cannot be mapped (" + std::to_string(size) + " bytes): " + reason(errno));
  mapped->data_ = static_cast<const std::byte*>(address);
  mapped->size_ = size;
  return mapped;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::verify_unchanged() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) fail(path_, "is gone since it was opened: " + reason(errno));
  if (identity_of(status) != identity_) fail(path_, "changed while it was in use; start again with the new file");
}

void MappedFile::release(std::span<const std::byte> range) const {
  if (range.data() < data_ || range.data() + range.size() > data_ + size_) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<std::uintptr_t>(range.data());
  const std::uintptr_t begin = (first + page - 1) / page * page;
  const std::uintptr_t end = (first + range.size()) / page * page;
  // Advice only: a refusal costs memory, never correctness.
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace zlens
