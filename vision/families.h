// The list of vision-language families: one row each.
#pragma once

#include "modules/model_family.h"

namespace zlens {

// llava, llava_next, idefics3, smolvlm, paligemma, nanovlm.
FamilyRegistry vision_families();

}  // namespace zlens
