// Small pictures, as they are before paper and light have changed them.
#pragma once

#include "synth/canvas.h"
#include "synth/painter.h"
#include "synth/reading.h"
#include "synth/scene.h"
#include "synth/small_chart.h"
#include "synth/small_math.h"

namespace zlens::synth {

Picture draw_note(Fonts& fonts, const Note& note, Rng& rng, const PictureOptions& options);
Picture draw_small_exercise(Fonts& fonts, const SmallExercise& exercise, Rng& rng, const PictureOptions& options);
Picture draw_scene(Fonts& fonts, const Scene& scene, Rng& rng, const PictureOptions& options);
Picture draw_small_chart(Fonts& fonts, const SmallChart& chart, Rng& rng, const PictureOptions& options);

}  // namespace zlens::synth
