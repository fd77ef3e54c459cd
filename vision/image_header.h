// What the first bytes of an image file claim, checked before any decoder runs. Internal to vision/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vision/image.h"

namespace zlens {

enum class ImageFormat { Png, Jpeg, Webp, Bmp };

struct ImageHeader {
  ImageFormat format = ImageFormat::Png;
  std::int64_t width = 0;  // as stored, before orientation
  std::int64_t height = 0;
  int orientation = 1;     // EXIF, 1 .. 8; damaged EXIF data counts as 1
  bool has_alpha = false;  // only set by formats whose decoder cannot tell (BMP)
};

// Structure, sizes and completeness of the file. Linear in its length, allocates nothing. Throws InputError.
ImageHeader read_image_header(std::span<const std::byte> file, std::string_view subject, const ImageLimits& limits);

// Throws InputError where the sides are not positive or beyond the limits.
void check_image_size(std::int64_t width, std::int64_t height, std::string_view subject, const ImageLimits& limits);

// The orientation in a TIFF block as EXIF embeds it (with or without "Exif\0\0" in front); 1 where there is none.
int exif_orientation(std::span<const std::byte> exif);

// Throws InputError "SUBJECT: what".
[[noreturn]] void refuse_image(std::string_view subject, const std::string& what);

}  // namespace zlens
