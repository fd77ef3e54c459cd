// What paper, light, cameras and JPEG do to a small picture.
#pragma once

#include "synth/canvas.h"
#include "synth/rng.h"

namespace zlens::synth {

// A part `clean` of the pictures stays as it was drawn; of the others each effect befalls a part, on its own.
struct Degradation {
  double clean = 1.0 / 3;
  double rotation = 0.5;  // up to ±4 degrees, less where text would leave the picture
  double contrast = 0.4;  // 65 to 100 % of it is left, at another brightness
  double paper = 0.5;     // light from one side, or the texture of paper, or both
  double blur = 0.4;      // Gaussian, standard deviation 0.3 to 0.7 pixels
  double noise = 0.5;     // Gaussian, standard deviation 2 to 10 of 255; grey or of each channel
  double jpeg = 0.5;      // quality 30 to 95
};

// Changes `picture.bgr`; all places in it turn with it.
void degrade(Picture& picture, Rng& rng, const Degradation& options = {});

// Turns as `rotate` does, less where text would leave the picture.
void rotate_within(Picture& picture, double degrees);

// As JPEG of this quality, 1 to 100, leaves it.
void compress(Picture& picture, int quality);

// Turns the picture by so many degrees (counter-clockwise) about its middle. The colours of its edge continue outwards.
void rotate(Picture& picture, double degrees);

}  // namespace zlens::synth
