#include <vector>

#include "app/session.h"
#include "io/error.h"
#include "io/user_folders.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

// The one .gguf file of a folder; empty where there is none. Several are ambiguous.
fs::path only_gguf(const fs::path& folder) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".gguf") continue;
    if (!found.empty()) throw InputError(folder.string() + ": holds several .gguf files; name one of them");
    found = entry.path();
  }
  return found;
}

// What can be loaded at `path`; empty where nothing can.
fs::path loadable(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return path;
  if (!fs::is_directory(path, error)) return {};
  return fs::exists(path / "config.json", error) ? path : only_gguf(path);
}

}  // namespace

fs::path find_model(const std::string& name) {
  if (name.empty()) throw InputError("no model is named: give --model a folder, a .gguf file or a name");
  if (fs::path found = loadable(name); !found.empty()) return found;
  std::error_code error;
  if (fs::exists(name, error)) throw InputError(name + ": neither config.json nor a .gguf file is in it");
  const bool plain = name.find('/') == std::string::npos && name != "." && name != "..";
  std::string looked = name;
  for (const fs::path& folder : {assets_folder(), user_data_folder() / "models"}) {
    if (!plain) break;
    looked += ", " + (folder / name).string();
    if (fs::path found = loadable(folder / name); !found.empty()) return found;
    if (fs::path found = loadable(folder / (name + ".gguf")); !found.empty()) return found;
  }
  throw InputError("model '" + name + "' was not found (looked at: " + looked + ")");
}

}  // namespace zlens
