// Images of LLaVA-1.5 and LLaVA-NeXT: a CLIP or SigLIP tower, an MLP, and for LLaVA-NeXT the packing of tiles.
#pragma once

#include <memory>
#include <string>

#include "modules/model_family.h"
#include "vision/vision_config.h"

namespace zlens {

// The tower of a config.json. Throws InputError naming `subject`.
VisionConfig llava_vision_config(const Json& config, const std::string& subject);

// One view of a picture; its features in order.
std::shared_ptr<const Modality> make_llava_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);

// The whole picture, then its tiles joined to one field of features, rid of padding, with `image_newline` behind every row.
std::shared_ptr<const Modality> make_llava_next_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);

}  // namespace zlens
