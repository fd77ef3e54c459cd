// Images of Idefics3, SmolVLM and nanoVLM: a SigLIP tower, pixel shuffle and one matrix. And of PaliGemma: the matrix alone.
#pragma once

#include <memory>

#include "modules/model_family.h"

namespace zlens {

std::shared_ptr<const Modality> make_idefics3_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);
std::shared_ptr<const Modality> make_nanovlm_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);
std::shared_ptr<const Modality> make_paligemma_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);

// The vision part of nanoVLM's flat config as a SigLIP config.
Json nanovlm_vision_config(const Json& config);

}  // namespace zlens
