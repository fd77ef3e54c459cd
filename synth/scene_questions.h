// Questions about scenes and their answers. Free of torch and OpenCV.
#pragma once

#include "synth/scene.h"

namespace zlens::synth {

// A sample without its text. `unseen`: the question is worded as no train or val question is.
Sample ask_about(Rng& rng, const Scene& scene, bool unseen);

}  // namespace zlens::synth
