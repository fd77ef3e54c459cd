#include "support/temporary_folder.h"

#include <cstdlib>

#include "io/error.h"

namespace zlens {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "zlens-test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw Error("cannot make a temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace zlens
