#include "io/error.h"
#include "io/json.h"
#include "io/regular_file.h"
#include "io/safetensors.h"

namespace zlens {
namespace {

using Locations = std::map<std::string, TensorLocation>;
using WeightMap = std::map<std::string, std::string>;  // tensor -> shard

void add_tensors(const std::shared_ptr<const Safetensors>& shard, Locations& locations) {
  for (const auto& [name, info] : shard->tensors()) locations.emplace(name, TensorLocation{shard, &info});
}

// Anything else could lead out of the folder.
bool is_plain_file_name(const std::string& name) {
  const bool special = name.empty() || name == "." || name == "..";
  return !special && name.find('/') == name.npos && printable(name, name.size()) == name;
}

WeightMap read_weight_map(const std::filesystem::path& index) {
  const Json root = read_json_file(index, kTableJson);
  if (!root.is_object() || !root.contains("weight_map") || !root["weight_map"].is_object()) {
    throw InputError(index.string() + ": needs an object \"weight_map\" that names the shard of every tensor");
  }
  WeightMap shards;
  for (const auto& [tensor, shard] : root["weight_map"].items()) {
    if (!shard.is_string() || !is_plain_file_name(shard.get_ref<const std::string&>())) {
      throw InputError(index.string() + ": tensor \"" + printable(tensor) + "\": its shard must be a plain file name, not " +
                       printable(shard.dump(-1, ' ', true)));
    }
    shards.emplace(tensor, shard.get_ref<const std::string&>());
  }
  if (shards.empty()) throw InputError(index.string() + ": \"weight_map\" names no tensor");
  return shards;
}

// Every tensor of the shard must be one that the index places there.
void check_shard(const std::filesystem::path& index, const WeightMap& weight_map, const Safetensors& shard) {
  const std::string file_name = shard.file()->path().filename().string();
  for (const auto& [name, info] : shard.tensors()) {
    const auto entry = weight_map.find(name);
    if (entry != weight_map.end() && entry->second == file_name) continue;
    const std::string place = entry == weight_map.end() ? "does not name it" : "places it in " + entry->second;
    throw InputError(index.string() + ": tensor \"" + printable(name) + "\" stands in " + file_name + ", but the index " + place);
  }
}

Locations open_shards(const std::filesystem::path& index) {
  const WeightMap weight_map = read_weight_map(index);
  std::map<std::string, std::shared_ptr<const Safetensors>> shards;
  Locations locations;
  for (const auto& [tensor, file_name] : weight_map) {
    std::shared_ptr<const Safetensors>& shard = shards[file_name];
    if (!shard) {
      shard = Safetensors::open(index.parent_path() / file_name);
      check_shard(index, weight_map, *shard);
      add_tensors(shard, locations);
    }
    if (!shard->tensors().contains(tensor)) {
      throw InputError(index.string() + ": tensor \"" + printable(tensor) + "\" should stand in " + file_name +
                       ", but is not there");
    }
  }
  return locations;
}

}  // namespace

Locations open_checkpoint(const std::filesystem::path& folder) {
  const std::filesystem::path single = folder / "model.safetensors";
  const std::filesystem::path index = folder / "model.safetensors.index.json";
  Locations locations;
  if (has_regular_file(single)) {
    add_tensors(Safetensors::open(single), locations);
  } else if (has_regular_file(index)) {
    locations = open_shards(index);
  } else {
    throw InputError(folder.string() + ": holds neither model.safetensors nor model.safetensors.index.json");
  }
  return locations;
}

}  // namespace zlens
