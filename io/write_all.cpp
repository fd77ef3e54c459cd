#include "io/write_all.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

#include "io/error.h"

namespace zlens {

void throw_system_error(const std::filesystem::path& path, const std::string& what, int error) {
  throw Error(path.string() + ": " + what + ": " + std::generic_category().message(error));
}

int write_all(FileOps& ops, int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ops.write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;  // no progress and no reason: must not loop for ever
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

void sync_folder_of(const std::filesystem::path& file, FileOps& ops) {
  const std::filesystem::path parent = file.parent_path();
  const std::filesystem::path folder = parent.empty() ? std::filesystem::path(".") : parent;
  const int descriptor = ops.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (descriptor < 0) throw_system_error(folder, "the folder cannot be opened for syncing", errno);
  const int error = ops.fsync(descriptor) == 0 ? 0 : errno;
  ops.close(descriptor);
  // Some network file systems cannot sync folders; they make renames durable by themselves.
  if (error != 0 && error != EINVAL) throw_system_error(folder, "the folder cannot be synced", error);
}

}  // namespace zlens
