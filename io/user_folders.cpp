#include "io/user_folders.h"

#include <cstdlib>

#ifndef ZLENS_SOURCE_ASSETS
#define ZLENS_SOURCE_ASSETS "assets"
#endif

namespace zlens {
namespace {

namespace fs = std::filesystem;

fs::path below(const char* variable, const char* home_relative) {
  if (const char* value = std::getenv(variable); value && *value) return fs::path(value) / "zlens";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / home_relative / "zlens";
  return {};
}

}  // namespace

fs::path user_cache_folder() {
  return below("XDG_CACHE_HOME", ".cache");
}

fs::path user_data_folder() {
  return below("XDG_DATA_HOME", ".local/share");
}

fs::path assets_folder() {
  if (const char* value = std::getenv("ZLENS_ASSETS"); value && *value) return value;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path installed = program.parent_path().parent_path() / "share/zlens/assets";
  return !error && fs::is_directory(installed, error) ? installed : fs::path(ZLENS_SOURCE_ASSETS);
}

}  // namespace zlens
