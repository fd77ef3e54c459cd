// Experts by name: the folders that they are looked up in. Free of torch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experts/expert.h"

namespace zlens {

// A file that says it is an expert.
struct StoredExpert {
  std::filesystem::path path;
  Expert expert;
  std::string error;  // not empty: why it cannot be used, on one line; then `expert` is empty
};

// Immutable; reads the folders anew at each call.
class ExpertStore {
 public:
  // Folders in the order of their precedence. Each is searched for *.safetensors files, and so are the folders directly inside it;
  // folders that do not exist are passed over.
  explicit ExpertStore(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  // Every expert, those that cannot be used included, in the order of folders and paths. Other safetensors files are passed over.
  std::vector<StoredExpert> list() const;

  // The expert called `name` that was made for `base` (a hash), from the first folder that has one. Throws InputError where there
  // is none, naming what there is under this name for other bases, or where a folder has several that differ, naming them. Beside
  // a folder `x`, a folder `x-…` inside the same one holds variants: they are found by name only where `x` has none of this name.
  StoredExpert find(const std::string& name, const std::string& base) const;

 private:
  std::vector<StoredExpert> list_folder(const std::filesystem::path& folder) const;

  std::vector<std::filesystem::path> folders_;
};

// `chosen` (where not empty), assets/experts, the user's data folder.
std::vector<std::filesystem::path> expert_folders(const std::filesystem::path& chosen);

// True where `text` is meant as a path: it holds a '/' or ends in .safetensors. Anything else is a name.
bool is_expert_path(const std::string& text);

// `text` read as a path, or found by name.
Expert find_expert(const std::string& text, const ExpertStore& store, const std::string& base);

}  // namespace zlens
