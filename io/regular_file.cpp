#include "io/regular_file.h"

#include <system_error>

#include "io/error.h"

namespace zlens {

bool has_regular_file(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  // A missing file is reported both ways.
  if (status.type() == std::filesystem::file_type::not_found) return false;
  if (error) throw InputError(path.string() + ": cannot be examined: " + error.message());
  if (!std::filesystem::is_regular_file(status)) throw InputError(path.string() + ": is not a regular file; replace or remove it");
  return true;
}

}  // namespace zlens
