// What vision-language configs have in common. Free of torch.
#pragma once

#include <string>

#include "io/json.h"
#include "modules/config_reader.h"
#include "vision/vision_config.h"

namespace zlens {

// A sub-config with the keys that the family's class defaults add: where config.json has no `key` at all, `absent`; where the
// object names no model_type, that of `absent`. Throws InputError where it is no object.
Json sub_config(const Json& config, const std::string& key, const Json& absent, const std::string& subject);

// The tower that "vision_config" describes. `fixed_type`: it is of the type that `absent` names, whatever the object says. Throws
// what `parse_vision_config` throws.
VisionConfig vision_config_of(const Json& config, const Json& absent, bool fixed_type, const std::string& subject);

// Where tie_word_embeddings stands: at the top for transformers 5, in the text config before; true where either says so.
Json decoder_config_of(const Json& config, const Json& absent, bool tied, const std::string& subject);

}  // namespace zlens
