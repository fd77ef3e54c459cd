#include "modules/registry.h"

#include <algorithm>

#include "io/error.h"

namespace zlens {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

}  // namespace

std::string ModalityOptions::get(const std::string& key, const std::string& fallback) const {
  const auto found = values.find(key);
  return found == values.end() ? fallback : found->second;
}

void ModalityRegistry::add(ModalityEntry entry) {
  const std::string name = entry.name;
  if (!entries_.emplace(name, std::move(entry)).second) throw InputError("modality '" + name + "' is registered twice");
}

std::shared_ptr<const Modality> ModalityRegistry::create(std::string_view name, const ModalityOptions& options) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    std::vector<std::string> names;
    for (const auto& [known, entry] : entries_) names.push_back(known);
    throw InputError("unknown modality '" + std::string(name) + "' (known: " + joined(names) + ")");
  }
  const auto& known = found->second.option_names;
  for (const auto& [key, value] : options.values)
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw InputError("modality '" + std::string(name) + "' has no option '" + key + "' (known: " + joined(known) + ")");
  return found->second.create(options);
}

std::vector<const ModalityEntry*> ModalityRegistry::all() const {
  std::vector<const ModalityEntry*> out;
  for (const auto& [name, entry] : entries_) out.push_back(&entry);
  return out;
}

}  // namespace zlens
