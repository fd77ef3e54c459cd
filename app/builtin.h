// The modalities that come with zlens: one visible list.
#pragma once

#include "modules/registry.h"

namespace zlens {

ModalityRegistry builtin_modalities();

}  // namespace zlens
