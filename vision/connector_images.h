// Images of Idefics3, SmolVLM and nanoVLM: a SigLIP tower, pixel shuffle and one matrix. And of PaliGemma: the matrix alone.
#pragma once

#include <memory>
#include <string>

#include "modules/model_family.h"
#include "vision/vision_config.h"

namespace zlens {

std::shared_ptr<const Modality> make_idefics3_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);
std::shared_ptr<const Modality> make_nanovlm_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);
std::shared_ptr<const Modality> make_paligemma_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);

// SigLIP's tower as nanoVLM's flat config describes it. Throws what `parse_vision_config` throws.
VisionConfig nanovlm_vision_config(const Json& config, const std::string& subject);

}  // namespace zlens
