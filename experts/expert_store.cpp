#include "experts/expert_store.h"

#include <algorithm>

#include "io/error.h"
#include "io/safetensors.h"
#include "io/user_folders.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

void add_files(const fs::path& folder, bool enter, std::vector<fs::path>& out) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (enter && entry->is_directory(ignored)) add_files(entry->path(), /*enter=*/false, out);
    if (entry->is_regular_file(ignored) && entry->path().extension() == ".safetensors") out.push_back(entry->path());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw InputError(folder.string() + ": cannot be listed (" + error.message() + ")");
}

// The folder `x-…` beside the folder `x`.
bool is_variant(const fs::path& folder, const fs::path& of) {
  return folder.parent_path() == of.parent_path() && folder.filename().string().starts_with(of.filename().string() + "-");
}

// A name means the expert itself, not one of its variants.
void drop_variants(std::vector<StoredExpert>& experts) {
  std::vector<fs::path> folders;
  for (const StoredExpert& stored : experts) folders.push_back(stored.path.parent_path());
  std::erase_if(experts, [&](const StoredExpert& stored) {
    return std::any_of(folders.begin(), folders.end(),
                       [&](const fs::path& folder) { return is_variant(stored.path.parent_path(), folder); });
  });
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

}  // namespace

std::vector<StoredExpert> ExpertStore::list_folder(const fs::path& folder) const {
  std::vector<fs::path> paths;
  add_files(folder, /*enter=*/true, paths);
  std::sort(paths.begin(), paths.end());
  std::vector<StoredExpert> out;
  for (const fs::path& path : paths) {
    StoredExpert stored{path, {}, {}};
    try {
      if (!Safetensors::open(path)->metadata().contains("zlens.format")) continue;
      stored.expert = read_expert(path);
    } catch (const InputError& error) {
      stored.error = error.what();
    }
    out.push_back(std::move(stored));
  }
  return out;
}

std::vector<StoredExpert> ExpertStore::list() const {
  std::vector<StoredExpert> out;
  for (const fs::path& folder : folders_)
    for (StoredExpert& stored : list_folder(folder)) out.push_back(std::move(stored));
  return out;
}

StoredExpert ExpertStore::find(const std::string& name, const std::string& base) const {
  std::vector<std::string> foreign, known;
  for (const fs::path& folder : folders_) {
    std::vector<StoredExpert> fitting;
    for (StoredExpert& stored : list_folder(folder)) {
      const Expert& expert = stored.expert;
      if (expert.name != name) {
        if (stored.error.empty() && expert.base == base) known.push_back(expert.name);
      } else if (expert.base != base) {
        foreign.push_back(stored.path.string() + " of base " + expert.base);
      } else if (fitting.empty() || fitting.front().expert.sha256 != expert.sha256) {
        fitting.push_back(std::move(stored));
      }
    }
    drop_variants(fitting);
    if (fitting.size() > 1) {
      std::vector<std::string> paths;
      for (const StoredExpert& stored : fitting) paths.push_back(stored.path.string());
      throw InputError("expert '" + printable(name) + "' is ambiguous: " + joined(paths) + " (name the file)");
    }
    if (!fitting.empty()) return std::move(fitting.front());
  }
  if (!foreign.empty())
    throw InputError("expert '" + printable(name) + "' was made for another base than this model's, which is " + base + ": " +
                     joined(foreign));
  std::vector<std::string> looked;
  for (const fs::path& folder : folders_) looked.push_back(folder.string());
  throw InputError("no expert of this base is called '" + printable(name) +
                   "' (there are: " + (known.empty() ? "none" : joined(known)) + "; looked in: " + joined(looked) + ")");
}

std::vector<fs::path> expert_folders(const fs::path& chosen) {
  std::vector<fs::path> out;
  if (!chosen.empty()) {
    std::error_code ignored;
    if (!fs::is_directory(chosen, ignored)) throw InputError("--experts " + chosen.string() + ": is no folder");
    out.push_back(chosen);
  }
  out.push_back(assets_folder() / "experts");
  if (!user_data_folder().empty()) out.push_back(user_data_folder() / "experts");
  return out;
}

bool is_expert_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".safetensors");
}

Expert find_expert(const std::string& text, const ExpertStore& store, const std::string& base) {
  return is_expert_path(text) ? read_expert(text) : store.find(text, base).expert;
}

}  // namespace zlens
