#include "io/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "io/error.h"
#include "io/temporary_name.h"
#include "io/write_all.h"

namespace zlens {
namespace {

constexpr int kMaxTemporaries = 10000;

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target, FileOps& ops) : target_(std::move(target)), ops_(ops) {
  if (!target_.has_filename()) throw Error(target_.string() + ": is not a file name to write to");
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = target_.parent_path() / temporary_name(attempt);
    descriptor_ = ops_.open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    const bool taken = descriptor_ < 0 && errno == EEXIST && attempt < kMaxTemporaries;
    if (descriptor_ < 0 && errno != EINTR && !taken) throw_system_error(target_, "cannot be created", errno);
  }
}

AtomicFile::~AtomicFile() {
  discard();
}

void AtomicFile::discard() noexcept {
  if (descriptor_ >= 0) ops_.close(std::exchange(descriptor_, -1));
  if (!temporary_.empty()) ops_.unlink(temporary_.c_str());
  temporary_.clear();
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (descriptor_ < 0) throw Error(target_.string() + ": was written to after it was finished or lost");
  const int error = write_all(ops_, descriptor_, bytes);
  if (error == 0) return;
  discard();
  throw_system_error(target_, "cannot be written", error);
}

void AtomicFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text)));
}

void AtomicFile::commit() {
  if (descriptor_ < 0) throw Error(target_.string() + ": was committed after it was finished or lost");
  // The first failure counts: a second fsync can succeed although the pages that failed are gone.
  int error = ops_.fsync(descriptor_) == 0 ? 0 : errno;
  if (ops_.close(std::exchange(descriptor_, -1)) != 0 && error == 0) error = errno;
  if (error == 0 && ops_.rename(temporary_.c_str(), target_.c_str()) != 0) error = errno;
  if (error != 0) {
    discard();
    throw_system_error(target_, "cannot be saved", error);
  }
  temporary_.clear();
  sync_folder_of(target_, ops_);
}

void write_file_atomically(const std::filesystem::path& target, std::string_view text) {
  AtomicFile file(target);
  file.write(text);
  file.commit();
}

std::size_t remove_stale_temporaries(const std::filesystem::path& folder) {
  std::error_code error;
  std::size_t removed = 0;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const bool stale = entry->path().filename().string().starts_with(kTemporaryPrefix);
    if (stale && ::unlink(entry->path().c_str()) == 0) ++removed;
  }
  if (error) throw_system_error(folder, "the folder cannot be listed", error.value());
  return removed;
}

}  // namespace zlens
