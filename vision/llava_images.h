// Images of LLaVA-1.5 and LLaVA-NeXT: a CLIP or SigLIP tower, an MLP, and for LLaVA-NeXT the packing of tiles.
#pragma once

#include <memory>

#include "modules/model_family.h"

namespace zlens {

// One view of a picture; its features in order.
std::shared_ptr<const Modality> make_llava_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);

// The whole picture, then its tiles joined to one field of features, rid of padding, with `image_newline` behind every row.
std::shared_ptr<const Modality> make_llava_next_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots);

}  // namespace zlens
