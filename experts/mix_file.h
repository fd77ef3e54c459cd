// A mix as a file: JSON with experts by name and hash, and their weights.
#pragma once

#include <filesystem>
#include <string>

#include "experts/expert_store.h"
#include "experts/mix.h"
#include "io/json.h"

namespace zlens {

// {"format": "zlens mix 1", "base": hash, "experts": [{"expert", "sha256", "weight", "by_layer"?}], "record": {…}}; written
// atomically.
void write_mix(const std::filesystem::path& path, const std::string& base, const Mix& mix, const Json& record);

// Finds the experts in `store` by name and sha256. Throws InputError naming file and reason, also where `by_layer` has no weight
// for a layer that its expert changes.
Mix read_mix(const std::filesystem::path& path, const ExpertStore& store, const std::string& base);

}  // namespace zlens
