#include "io/atomic_folder.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "io/error.h"
#include "io/temporary_name.h"
#include "io/write_all.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

void expect_free(const fs::path& target) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(target, ignored))) return;
  if (!fs::is_directory(target, ignored) || !fs::is_empty(target, ignored))
    throw InputError(target.string() + ": exists already; name a new folder, or remove it");
}

// Of killed processes: what they wrote may be gigabytes. A clean-up that fails must not stop the work.
void remove_leftovers(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (is_of_ended_process(entry->path().filename().string())) fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

AtomicFolder::AtomicFolder(fs::path target) : target_(fs::absolute(target).lexically_normal()) {
  if (!target_.has_filename()) target_ = target_.parent_path();  // "folder/"
  expect_free(target_);
  remove_leftovers(target_.parent_path());
  std::error_code error;
  bool made = false;
  for (int attempt = 0; attempt < 10000 && !made && !error; ++attempt) {
    temporary_ = target_.parent_path() / (temporary_name(attempt));
    made = fs::create_directory(temporary_, error);
  }
  if (made) return;
  temporary_.clear();
  throw_system_error(target_, "cannot be created", error ? error.value() : EEXIST);
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::commit() {
  expect_free(target_);
  sync_folder_of(temporary_ / "file", system_file_ops());
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error) throw_system_error(target_, "cannot be saved", error.value());
  temporary_.clear();
  sync_folder_of(target_, system_file_ops());
}

}  // namespace zlens
