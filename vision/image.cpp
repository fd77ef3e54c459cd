#include "vision/image.h"

#include <algorithm>
#include <cstring>

#include "io/mapped_file.h"
#include "io/sha256.h"
#include "vision/image_codecs.h"
#include "vision/image_header.h"

namespace zlens {

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

// EXIF's eight orientations: where the pixel at (y, x) of the upright image stands in the stored one.
struct StoredPlace {
  std::int64_t row;
  std::int64_t column;
};

StoredPlace stored_place(int orientation, const Image& stored, std::int64_t y, std::int64_t x) {
  const std::int64_t bottom = stored.height - 1, right = stored.width - 1;
  switch (orientation) {
    case 2:
      return {y, right - x};
    case 3:
      return {bottom - y, right - x};
    case 4:
      return {bottom - y, x};
    case 5:
      return {x, y};
    case 6:
      return {bottom - x, y};
    case 7:
      return {bottom - x, right - y};
    case 8:
      return {x, right - y};
    default:
      return {y, x};
  }
}

Image upright(Image stored, int orientation) {
  if (orientation == 1) return stored;
  const bool turned = orientation >= 5;
  Image image{{}, turned ? stored.width : stored.height, turned ? stored.height : stored.width};
  image.rgb.resize(stored.rgb.size());
  std::uint8_t* out = image.rgb.data();
  for (std::int64_t y = 0; y < image.height; ++y) {
    for (std::int64_t x = 0; x < image.width; ++x, out += 3) {
      const StoredPlace place = stored_place(orientation, stored, y, x);
      std::copy_n(stored.rgb.data() + (place.row * stored.width + place.column) * 3, 3, out);
    }
  }
  return image;
}

Image decode_bytes(std::span<const std::byte> bytes, std::string_view subject, const ImageLimits& limits) {
  const ImageHeader header = read_image_header(bytes, subject, limits);
  const CheckedFile file{bytes, subject, header};
  switch (header.format) {
    case ImageFormat::Png:
      return upright(decode_png(file), header.orientation);
    case ImageFormat::Jpeg:
      return upright(decode_jpeg(file), header.orientation);
    default:
      return upright(decode_webp_or_bmp(file), header.orientation);
  }
}

Image copy_view(const RgbView& view, std::string_view subject, const ImageLimits& limits) {
  check_image_size(view.width, view.height, subject, limits);
  if (view.data == nullptr) refuse_image(subject, "an image without pixels (null)");
  if (view.stride < view.width * 3) {
    refuse_image(subject,
                 "rows of " + std::to_string(view.width) + " RGB pixels cannot be " + std::to_string(view.stride) + " bytes apart");
  }
  Image image{{}, view.height, view.width};
  image.rgb.resize(view.height * view.width * 3);
  for (std::int64_t y = 0; y < view.height; ++y) {
    std::memcpy(image.rgb.data() + y * view.width * 3, view.data + y * view.stride, view.width * 3);
  }
  return image;
}

}  // namespace

std::vector<std::uint8_t> composite_on_white(std::span<const std::uint8_t> rgba) {
  std::vector<std::uint8_t> rgb(rgba.size() / 4 * 3);
  for (std::size_t i = 0; i < rgba.size() / 4; ++i) {
    const unsigned alpha = rgba[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const unsigned sum = rgba[4 * i + c] * alpha + 255 * (255 - alpha) + 128;
      rgb[3 * i + c] = static_cast<std::uint8_t>((sum + (sum >> 8)) >> 8);  // sum / 255, rounded
    }
  }
  return rgb;
}

Image decode_image(const RawInput& input, std::string_view subject, const ImageLimits& limits) {
  if (const auto* path = std::get_if<std::filesystem::path>(&input)) {
    const std::string name = subject.empty() ? path->string() : std::string(subject);
    return decode_bytes(bytes_of(read_text_file(*path, static_cast<std::size_t>(limits.max_bytes))), name, limits);
  }
  const std::string_view name = subject.empty() ? "image" : subject;
  if (const auto* view = std::get_if<RgbView>(&input)) return copy_view(*view, name, limits);
  return decode_bytes(std::get<std::span<const std::byte>>(input), name, limits);
}

std::string image_hash(const Image& image) {
  Sha256 hash;
  hash.update("image " + std::to_string(image.height) + "x" + std::to_string(image.width) + "\n");
  hash.update(std::as_bytes(std::span(image.rgb)));
  return hash.hex();
}

}  // namespace zlens
