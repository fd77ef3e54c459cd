// Random fields that small pictures are roughened with: the same on every platform.
#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <vector>

#include "synth/rng.h"

namespace zlens::synth {

// Constants that take milliseconds to compute.
inline constexpr std::size_t kNoiseNumbers = 1 << 14;
const std::vector<float>& noise_numbers();  // kNoiseNumbers standard normal ones but for rare large ones
inline constexpr int kPaperSide = 256;      // pixels; the texture continues itself
const cv::Mat& paper_texture();  // spots and fibres of several sizes, standard deviation 1; float32 [kPaperSide][kPaperSide]

// A part of them: standard normal numbers but for rare large ones, each pixel on its own. float32 [height][width].
cv::Mat noise_field(cv::Size size, Rng& rng);

// A part of the texture. float32 [height][width].
cv::Mat paper_field(cv::Size size, Rng& rng);

// Light that comes from one side: -0.5 to 0.5 across the picture in a random direction. float32 [height][width].
cv::Mat light_field(cv::Size size, Rng& rng);

}  // namespace zlens::synth
