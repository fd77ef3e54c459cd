// Decoding of untrusted image files to RGB pixels. Free of torch and OpenCV types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "modules/raw_input.h"

namespace zlens {

// uint8 RGB, HWC, rows without gaps: rgb.size() == height * width * 3.
struct Image {
  std::vector<std::uint8_t> rgb;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

// What an image may cost. Checked on the file's header, before a decoder or an allocation sees it.
struct ImageLimits {
  std::int64_t max_pixels = 178'000'000;  // as Pillow refuses decompression bombs
  std::int64_t max_side = 65'500;
  std::int64_t max_bytes = std::int64_t{256} << 20;  // of the file
  // A progressive JPEG costs one pass over the picture a scan: at most this many scans, and at most as many as make
  // 20 passes over a picture of max_pixels.
  std::int64_t max_scans = 1000;
};

// The pixels of a PNG, JPEG, WebP or BMP (told apart by content, never by name), or a copy of an RgbView.
//
// The result is upright (EXIF orientation applied). Grey is repeated in the three channels, palettes are looked up, 16 bits keep
// their high byte, CMYK is converted, transparency is composited on white. Colour profiles are ignored.
//
// `subject` names the image in errors; empty: the path, or "image". Throws InputError, in one line, for every other format,
// for animations, for sizes beyond `limits` and for files that are torn or damaged: never a partly filled image. Unsupported on
// purpose: arithmetic, lossless and 12-bit JPEG, run-length BMP. Thread-safe.
Image decode_image(const RawInput& input, std::string_view subject = {}, const ImageLimits& limits = {});

// SHA-256 (hex) over height, width and pixels.
std::string image_hash(const Image& image);

}  // namespace zlens
