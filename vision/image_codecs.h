// One decoder a format, run after read_image_header has accepted the file. Internal to vision/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vision/image_header.h"

namespace zlens {

// A file that passed read_image_header.
struct CheckedFile {
  std::span<const std::byte> bytes;
  std::string_view subject;
  const ImageHeader& header;
};

// All return the stored (not yet turned) picture of header.height x header.width, and throw InputError on damaged data.
Image decode_png(const CheckedFile& file);
Image decode_jpeg(const CheckedFile& file);
Image decode_webp_or_bmp(const CheckedFile& file);

// [height * width, 4] RGBA laid on white -> [height * width * 3]. Rounds as Pillow's alpha_composite does.
std::vector<std::uint8_t> composite_on_white(std::span<const std::uint8_t> rgba);

}  // namespace zlens
