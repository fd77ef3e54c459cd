// Text drawn with TrueType fonts of the system: OpenCV's own strokes are not legible to OCR.
#pragma once

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <span>
#include <string_view>
#include <vector>

namespace zlens::synth {

// A font and its bold cut (empty: it has none); files below the font folder, and the Debian package that has them.
struct Family {
  std::string_view regular, bold, package;
};
// `unseen`: families that only pictures of unseen test samples use. Proportional and fixed-width ones apart. All are of
// fonts-liberation and fonts-dejavu-core, which pictures of every data set need.
std::span<const Family> text_families(bool unseen);
std::span<const Family> fixed_families(bool unseen);

// Families that widen the training of small pictures where their packages are installed; none of them looks like an unseen one.
std::span<const Family> optional_families();

struct TextStyle {
  Family family;
  int size = 20;  // pixels of the em square
  cv::Scalar colour;
  bool bold = false;
};

// A character in a picture, pixels.
struct Glyph {
  char32_t character = 0;
  cv::Rect box;   // of its ink
  cv::Rect cell;  // from its pen position to the next one's, as high as its ink but at least half as high as a capital
  int word = 0;   // the same for the letters between two blanks
};

// Opens font files as they are needed and keeps them and what they drew. Not thread-safe. Members throw InputError where a font is
// missing, naming the Debian package, or where it is no font.
class Fonts {
 public:
  explicit Fonts(std::filesystem::path folder = "/usr/share/fonts/truetype");
  ~Fonts();
  Fonts(const Fonts&) = delete;
  Fonts& operator=(const Fonts&) = delete;

  int width(std::string_view text, const TextStyle& style);  // pixels from the first pen position to the last
  int capital_height(const TextStyle& style);                // of an H, pixels

  // Blends `text` (UTF-8, one line) into `bgr` (uint8) with its baseline starting at `pen`; what leaves the image is cut. Returns
  // the box of the ink, uncut and empty for blanks. `glyphs`, if given, gets every character that has ink.
  cv::Rect draw(cv::Mat& bgr, std::string_view text, cv::Point pen, const TextStyle& style, std::vector<Glyph>* glyphs = nullptr);

  // Those of optional_families() whose files are there.
  const std::vector<Family>& installed();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace zlens::synth
