// Small pictures, as they are before paper and light have changed them.
#pragma once

#include "synth/canvas.h"
#include "synth/painter.h"
#include "synth/reading.h"

namespace zlens::synth {

Picture draw_note(Fonts& fonts, const Note& note, Rng& rng, const PictureOptions& options);

}  // namespace zlens::synth
