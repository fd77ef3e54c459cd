#include "modules/model_family.h"

#include <algorithm>

#include "io/error.h"

namespace zlens {

void FamilyRegistry::add(ModelFamily family) {
  for (const ModelFamily& other : families_)
    if (other.model_type == family.model_type)
      throw InputError("the model family '" + family.model_type + "' is registered already");
  families_.push_back(std::move(family));
}

const ModelFamily* FamilyRegistry::find(const Json& config) const {
  if (!config.is_object()) return nullptr;
  const auto found = std::find_if(families_.begin(), families_.end(), [&](const ModelFamily& family) {
    if (family.matches) return family.matches(config);
    return config.contains("model_type") && config["model_type"] == family.model_type;
  });
  return found == families_.end() ? nullptr : &*found;
}

}  // namespace zlens
