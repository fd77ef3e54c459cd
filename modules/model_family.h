// Vision-language families: what a checkpoint has around its decoder. The language model knows this interface alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/json.h"
#include "modules/linear.h"
#include "modules/modality.h"

namespace zlens {

class StateDict;

// What a family builds its modality from.
struct FamilyFiles {
  const std::filesystem::path& folder;
  const Json& config;            // config.json
  std::int64_t hidden_size = 0;  // D of the decoder
};

// One row of the list of families: plain functions, no state.
struct ModelFamily {
  std::string model_type;    // in config.json
  std::string description;   // one line for `zlens models`
  std::string decoder_name;  // in front of the decoder's tensors in memory: "model.language_model"
  // True where a config.json is of this family; empty: where its model_type says so.
  std::function<bool(const Json& config)> matches;
  // The decoder's config.json; `config` is the whole one. Throws InputError naming `subject`.
  std::function<Json(const Json& config, const std::string& subject)> decoder_config;
  // A tensor's name on disk, of whatever age -> its name in memory as transformers 5 has it. Empty result: not used.
  std::function<std::string(const std::string& name)> canonical_name;
  // Fused tensors become their parts; empty: the family has none.
  std::function<void(const Json& config, StateDict& weights)> unfuse;
  // Takes the tensors of everything but the decoder; enters its matrices into `slots`. Throws InputError.
  std::function<std::shared_ptr<const Modality>(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots)> build;
  // Tensors of the published class that nothing here is computed with, as it starts with them, by canonical name: new checkpoints
  // have them, too, so that the class finds all that it looks for. Empty: there are none.
  std::function<std::map<std::string, at::Tensor>(const Json& config)> unused;
  std::string chat_template;          // for checkpoints that bring none
  bool bidirectional_prompt = false;  // a prompt's tokens see each other in both directions
};

class FamilyRegistry {
 public:
  void add(ModelFamily family);  // throws InputError on a model_type that is taken
  // The family of a config.json; nullptr: none, a language model alone perhaps.
  const ModelFamily* find(const Json& config) const;
  const std::vector<ModelFamily>& all() const { return families_; }

 private:
  std::vector<ModelFamily> families_;
};

}  // namespace zlens
