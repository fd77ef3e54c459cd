#include "synth/patch_labels.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

namespace zlens::synth {
namespace {

// The patches whose centres lie from `low` to `high` pixels of a side of `length`.
struct Range {
  int begin, end;
};
Range centres(double low, double high, int length, int grid) {
  const double patch = static_cast<double>(length) / grid;
  return {std::max(0, static_cast<int>(std::ceil(low / patch - 0.5))),
          std::min(grid, static_cast<int>(std::floor(high / patch - 0.5)) + 1)};
}

class Labels {
 public:
  Labels(cv::Size size, int grid) : size_(size), grid_(grid) {
    if (grid < 1) throw std::logic_error("a picture has no patches");
    labels_.resize(static_cast<std::size_t>(grid) * static_cast<std::size_t>(grid));
  }

  // Gives `label` to the patches whose centres are in `box`, edges included, and where inside(centre) says so.
  template <typename Inside>
  void put(cv::Rect2d box, int label, const Inside& inside) {
    const Range columns = centres(box.x, box.x + box.width, size_.width, grid_),
                rows = centres(box.y, box.y + box.height, size_.height, grid_);
    for (int row = rows.begin; row < rows.end; ++row)
      for (int column = columns.begin; column < columns.end; ++column) {
        const cv::Point2f centre(static_cast<float>((column + 0.5) * size_.width / grid_),
                                 static_cast<float>((row + 0.5) * size_.height / grid_));
        if (inside(centre)) labels_[static_cast<std::size_t>(row * grid_ + column)] = static_cast<std::uint8_t>(label);
      }
  }

  // To those inside `outline`.
  void put(const std::vector<cv::Point2f>& outline, int label) {
    put(cv::boundingRect(outline), label, [&](cv::Point2f centre) { return cv::pointPolygonTest(outline, centre, false) >= 0; });
  }

  std::vector<std::uint8_t> take() { return std::move(labels_); }

 private:
  cv::Size size_;
  int grid_;
  std::vector<std::uint8_t> labels_;
};

}  // namespace

int character_label(char32_t character) {
  if (character == U'×') character = U'x';
  if (character == U'÷') character = U'/';
  return character >= 0x20 && character <= 0x7E ? static_cast<int>(character) - 31 : 0;
}

std::string label_text(int label) {
  if (label <= 0) return " ";
  if (label <= kCharacterLabels) return std::string(1, static_cast<char>(31 + label));
  return std::string(kColours.at(static_cast<std::size_t>(label - 1 - kCharacterLabels)).name);
}

std::vector<std::uint8_t> patch_labels(const Picture& picture, int grid) {
  Labels labels(picture.bgr.size(), grid);
  for (const Region& region : picture.regions) labels.put(region.outline, colour_label(region.colour));
  for (const Glyph& glyph : picture.glyphs)
    if (const int label = character_label(glyph.character)) labels.put(glyph.cell, label, [](cv::Point2f) { return true; });
  return labels.take();
}

std::vector<std::uint8_t> letter_labels(const Picture& picture, int grid, std::size_t place) {
  Labels labels(picture.bgr.size(), grid);
  const std::vector<Glyph>& glyphs = picture.glyphs;
  for (std::size_t begin = 0, end; begin < glyphs.size(); begin = end) {
    cv::Rect box;
    for (end = begin; end < glyphs.size() && glyphs[end].word == glyphs[begin].word; ++end)
      box = end == begin ? glyphs[end].cell : box | glyphs[end].cell;
    const int label = begin + place < end ? character_label(glyphs[begin + place].character) : 0;
    const int around = 1 + box.height / 8;
    labels.put(cv::Rect2d(box.x - around, box.y - around, box.width + 2 * around, box.height + 2 * around), label,
               [](cv::Point2f) { return true; });
  }
  return labels.take();
}

int value_label(double value) {
  constexpr int kStep = 50;
  const int whole = static_cast<int>(value);
  if (whole != value || whole < 1 || whole > 500) return 0;
  if (whole <= 100) return whole;
  return whole % kStep ? 0 : 100 + whole / kStep - 2;
}

std::vector<std::uint8_t> value_labels(const Picture& picture, int grid) {
  Labels labels(picture.bgr.size(), grid);
  for (const ValuePlace& place : picture.values) labels.put(place.outline, value_label(place.value));
  return labels.take();
}

}  // namespace zlens::synth
