// Pictures of generated documents: pages as office programs and tills would make them, and small ones.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "synth/canvas.h"
#include "synth/degrade.h"
#include "synth/kinds.h"

namespace zlens::synth {

// Where a chart prints its values. Readable: so that reading order keeps them beside their names (a table under the axis, the ends
// of lying bars, a pie's labels). Marks: at the bars' tops and the points. Off: nowhere, they must be measured.
enum class Values { Readable, Marks, Off };

struct PictureOptions {
  std::optional<Values> values;  // default: readable; in small charts marks or off, half of them each
  bool unseen_fonts = false;     // the fonts that are kept for unseen test samples
  // Small pictures alone. With installed fonts a picture depends on which of optional_families() are there: for training.
  bool installed_fonts = false;
  Degradation degradation = {};
};

// Draws with the fonts of the system; equal random numbers, options and font files give equal pictures. Not thread-safe.
class Painter {
 public:
  explicit Painter(std::filesystem::path fonts = "/usr/share/fonts/truetype") : fonts_(std::move(fonts)) {}

  // Sizes, colours, fonts and arrangement come from `rng`. Throws InputError where a font is missing.
  Picture paint(const Facts& facts, Rng& rng, const PictureOptions& options = {});

 private:
  Fonts fonts_;
};

// The bytes of a PNG file.
std::string png_bytes(const cv::Mat& bgr);

}  // namespace zlens::synth
