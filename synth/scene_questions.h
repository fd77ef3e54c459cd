// Questions about scenes and their answers. Free of torch and OpenCV.
#pragma once

#include "synth/scene.h"

namespace zlens::synth {

// A sample without its text.
Sample ask_about(Rng& rng, const Scene& scene);

}  // namespace zlens::synth
