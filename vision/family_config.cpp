#include "vision/family_config.h"

namespace zlens {

Json sub_config(const Json& config, const std::string& key, const Json& absent, const std::string& subject) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return absent;
  ConfigReader(*found, subject + ": " + key);  // throws where it is no object
  Json out = *found;
  if (!out.contains("model_type")) out["model_type"] = absent.at("model_type");
  return out;
}

VisionConfig vision_config_of(const Json& config, const Json& absent, bool fixed_type, const std::string& subject) {
  Json vision = sub_config(config, "vision_config", absent, subject);
  const Json& type = absent.at("model_type");
  if (fixed_type) vision["model_type"] = type;
  return parse_vision_config(ConfigReader(vision, subject + ": vision_config"), type.get<std::string>());
}

Json decoder_config_of(const Json& config, const Json& absent, bool tied, const std::string& subject) {
  Json out = sub_config(config, "text_config", absent, subject);
  const ConfigReader top(config, subject), inner(out, subject + ": text_config");
  out["tie_word_embeddings"] = top.boolean("tie_word_embeddings", tied) || inner.boolean("tie_word_embeddings", false);
  if (!out.contains("eos_token_id") && config.contains("eos_token_id")) out["eos_token_id"] = config["eos_token_id"];
  return out;
}

}  // namespace zlens
