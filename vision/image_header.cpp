#include "vision/image_header.h"

#include <algorithm>
#include <cstdlib>

#include "io/error.h"
#include "vision/image_bytes.h"

namespace zlens {

namespace {

struct Source {
  ImageBytes bytes;
  std::string_view subject;
  const ImageLimits& limits;
};

[[noreturn]] void refuse(const Source& source, const std::string& what) {
  refuse_image(source.subject, what);
}

// ---- PNG: a signature, then chunks of length, type, data, checksum. The checksums are the decoder's work.

void check_png_data(const Source& source, const ImageHeader& header, std::uint64_t data_bytes) {
  const std::uint32_t depth = source.bytes.u8(24);
  const std::uint32_t colour = source.bytes.u8(25);
  const std::uint64_t channels = colour == 2 ? 3 : colour == 4 ? 2 : colour == 6 ? 4 : 1;
  const std::uint64_t bits = static_cast<std::uint64_t>(header.width) * header.height * channels * depth;
  // Deflate shrinks at most 1032-fold.
  if (data_bytes * 1032 < bits / 8) {
    refuse(source, "a PNG of " + std::to_string(header.width) + "x" + std::to_string(header.height) + " cannot be in " +
                       std::to_string(data_bytes) + " bytes of data; the file is damaged");
  }
}

ImageHeader read_png(const Source& source) {
  const ImageBytes& bytes = source.bytes;
  if (!bytes.starts_with("IHDR", 12) || bytes.be32(8) != 13 || !bytes.has(0, 33)) refuse(source, "PNG without a header chunk");
  ImageHeader header{ImageFormat::Png, bytes.be32(16), bytes.be32(20)};
  check_image_size(header.width, header.height, source.subject, source.limits);
  std::uint64_t data_bytes = 0;
  for (std::size_t at = 8; bytes.has(at, 12);) {
    const std::size_t length = bytes.be32(at);
    if (!bytes.has(at + 12, length)) break;
    if (bytes.starts_with("acTL", at + 4)) refuse(source, "animated PNG; give one frame as an image of its own");
    if (bytes.starts_with("IDAT", at + 4)) data_bytes += length;
    if (bytes.starts_with("eXIf", at + 4)) header.orientation = exif_orientation(bytes.slice(at + 8, length));
    if (bytes.starts_with("IEND", at + 4)) {
      check_png_data(source, header, data_bytes);
      return header;
    }
    at += 12 + length;
  }
  refuse(source, "PNG ends after " + std::to_string(bytes.size()) + " bytes without its end chunk (truncated?)");
}

// ---- JPEG: markers with lengths; after a start of scan, entropy-coded bytes up to the next marker.

bool is_frame_marker(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

void read_jpeg_frame(const Source& source, std::size_t at, ImageHeader& header) {
  const std::uint32_t marker = source.bytes.u8(at + 1);
  if (header.width != 0) refuse(source, "JPEG with two frame headers");
  if (marker > 0xC2) refuse(source, "arithmetic, lossless or hierarchical JPEG; convert it to a baseline JPEG or a PNG");
  const std::uint32_t precision = source.bytes.u8(at + 4);
  const std::uint32_t components = source.bytes.u8(at + 9);
  header.height = source.bytes.be16(at + 5);
  header.width = source.bytes.be16(at + 7);
  check_image_size(header.width, header.height, source.subject, source.limits);
  if (precision != 8) refuse(source, std::to_string(precision) + "-bit JPEG; convert it to 8 bits");
  if (components != 1 && components != 3 && components != 4) {
    refuse(source, "JPEG with " + std::to_string(components) + " components; 1, 3 or 4 are known");
  }
}

void check_jpeg_scans(const Source& source, const ImageHeader& header, std::int64_t scans) {
  const std::int64_t pixels = header.width * header.height;
  const std::int64_t most = std::min(source.limits.max_scans, std::max<std::int64_t>(20 * source.limits.max_pixels / pixels, 1));
  if (scans > most) {
    refuse(source, "JPEG with more than " + std::to_string(most) + " scans at " + std::to_string(header.width) + "x" +
                       std::to_string(header.height) + "; save it as baseline JPEG");
  }
  // Every block of 64 pixels takes at least one bit.
  if (static_cast<std::int64_t>(source.bytes.size()) * 8 < pixels / 64) {
    refuse(source, "a JPEG of " + std::to_string(header.width) + "x" + std::to_string(header.height) + " cannot be in " +
                       std::to_string(source.bytes.size()) + " bytes; the file is damaged");
  }
}

// The first marker at or after `at` that is neither a stuffed byte nor a restart; the size of the file where there is none.
std::size_t next_jpeg_marker(const ImageBytes& bytes, std::size_t at) {
  for (; bytes.has(at, 2); ++at) {
    if (bytes.u8(at) != 0xFF) continue;
    const std::uint32_t marker = bytes.u8(at + 1);
    if (marker != 0 && marker != 0x01 && marker != 0xFF && (marker < 0xD0 || marker > 0xD7)) return at;
  }
  return bytes.size();
}

ImageHeader read_jpeg(const Source& source) {
  const ImageBytes& bytes = source.bytes;
  ImageHeader header{ImageFormat::Jpeg};
  std::int64_t scans = 0;
  bool exif_seen = false;
  for (std::size_t at = next_jpeg_marker(bytes, 2); bytes.has(at, 2); at = next_jpeg_marker(bytes, at)) {
    const std::uint32_t marker = bytes.u8(at + 1);
    if (marker == 0xD9) {
      if (scans == 0) refuse(source, "JPEG without picture data");
      return header;
    }
    const std::size_t length = bytes.be16(at + 2);
    if (marker == 0xD8 || length < 2) refuse(source, "JPEG with a broken marker at byte " + std::to_string(at));
    if (!bytes.has(at + 2, length)) break;
    if (is_frame_marker(marker)) {
      if (length < 8) refuse(source, "JPEG with a frame header of " + std::to_string(length) + " bytes");
      read_jpeg_frame(source, at, header);
    } else if (marker == 0xDA) {
      if (header.width == 0) refuse(source, "JPEG with a scan before its frame header");
      check_jpeg_scans(source, header, ++scans);
    } else if (marker == 0xE1 && !exif_seen && bytes.starts_with(std::string_view("Exif\0\0", 6), at + 4)) {
      header.orientation = exif_orientation(bytes.slice(at + 4, length - 2));
      exif_seen = true;
    }
    at += 2 + length;
  }
  refuse(source, "JPEG ends after " + std::to_string(bytes.size()) + " bytes without its end marker (truncated?)");
}

// ---- WebP: a RIFF container; the sizes stand in the first picture chunk.

struct WebpSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
};

WebpSize webp_chunk_size(const Source& source, std::size_t at) {
  const ImageBytes& bytes = source.bytes;
  const std::size_t data = at + 8;
  if (bytes.starts_with("VP8L", at)) {
    const std::uint32_t packed = bytes.le32(data + 1);
    if (bytes.u8(data) != 0x2F) refuse(source, "WebP with a broken lossless header");
    return {1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)};
  }
  if (bytes.starts_with("VP8X", at)) return {1 + std::int64_t{bytes.le24(data + 4)}, 1 + std::int64_t{bytes.le24(data + 7)}};
  if (!bytes.starts_with("\x9D\x01\x2A", data + 3)) refuse(source, "WebP with a broken lossy header");
  return {bytes.le16(data + 6) & 0x3FFF, bytes.le16(data + 8) & 0x3FFF};
}

ImageHeader read_webp(const Source& source) {
  const ImageBytes& bytes = source.bytes;
  const std::size_t end = std::size_t{8} + bytes.le32(4);
  if (!bytes.has(0, end))
    refuse(source, "WebP of " + std::to_string(end) + " bytes ends after " + std::to_string(bytes.size()) + " (truncated)");
  ImageHeader header{ImageFormat::Webp};
  bool picture = false;
  for (std::size_t at = 12; at + 8 <= end;) {
    const std::size_t length = bytes.le32(at + 4);
    if (length > end - at - 8) refuse(source, "WebP chunk at byte " + std::to_string(at) + " goes beyond the file");
    if (bytes.starts_with("ANIM", at) || bytes.starts_with("ANMF", at))
      refuse(source, "animated WebP; give one frame as an image of its own");
    const bool frame = bytes.starts_with("VP8 ", at) || bytes.starts_with("VP8L", at);
    if (frame || bytes.starts_with("VP8X", at)) {
      const WebpSize size = webp_chunk_size(source, at);
      check_image_size(size.width, size.height, source.subject, source.limits);
      if (header.width != 0 && (size.width != header.width || size.height != header.height))
        refuse(source, "WebP whose picture is not of the canvas' size");
      header.width = size.width;
      header.height = size.height;
      picture = picture || frame;
    }
    if (bytes.starts_with("EXIF", at)) header.orientation = exif_orientation(bytes.slice(at + 8, length));
    at += 8 + length + length % 2;
  }
  if (!picture) refuse(source, "WebP without a picture");
  return header;
}

// ---- BMP: fixed headers and rows of known length.

struct BmpLayout {
  std::int64_t bits = 0;
  std::uint32_t compression = 0;
};

BmpLayout read_bmp_layout(const Source& source, ImageHeader& header) {
  const ImageBytes& bytes = source.bytes;
  const std::uint32_t size = bytes.le32(14);
  if (size == 12) {
    header.width = bytes.le16(18);
    header.height = bytes.le16(20);
    return {bytes.le16(24), 0};
  }
  if (size < 40 || size > 124) refuse(source, "BMP with an unknown header of " + std::to_string(size) + " bytes");
  if (bytes.le32(46) > 256) refuse(source, "BMP with a palette of " + std::to_string(bytes.le32(46)) + " colours");
  header.width = static_cast<std::int32_t>(bytes.le32(18));
  header.height = std::abs(std::int64_t{static_cast<std::int32_t>(bytes.le32(22))});  // negative: rows from the top
  const BmpLayout layout{bytes.le16(28), bytes.le32(30)};
  if (layout.compression == 3 && layout.bits == 32) {
    if (bytes.le32(54) != 0xFF0000 || bytes.le32(58) != 0xFF00 || bytes.le32(62) != 0xFF)
      refuse(source, "BMP with an unusual order of channels; convert it to PNG");
    header.has_alpha = size >= 56 && bytes.le32(66) == 0xFF000000;
  }
  return layout;
}

ImageHeader read_bmp(const Source& source) {
  ImageHeader header{ImageFormat::Bmp};
  const BmpLayout layout = read_bmp_layout(source, header);
  check_image_size(header.width, header.height, source.subject, source.limits);
  const bool packed = layout.compression == 3 && (layout.bits == 16 || layout.bits == 32);
  if (layout.compression != 0 && !packed)
    refuse(source, "compressed BMP (kind " + std::to_string(layout.compression) + "); convert it to PNG");
  constexpr std::int64_t kDepths[] = {1, 4, 8, 16, 24, 32};
  if (std::find(std::begin(kDepths), std::end(kDepths), layout.bits) == std::end(kDepths))
    refuse(source, "BMP with " + std::to_string(layout.bits) + " bits a pixel");
  const std::int64_t needed = source.bytes.le32(10) + (header.width * layout.bits + 31) / 32 * 4 * header.height;
  const auto present = static_cast<std::int64_t>(source.bytes.size());
  if (needed > present)
    refuse(source, "BMP needs " + std::to_string(needed) + " bytes but has " + std::to_string(present) + " (truncated)");
  return header;
}

}  // namespace

void refuse_image(std::string_view subject, const std::string& what) {
  throw InputError(std::string(subject) + ": " + what);
}

void check_image_size(std::int64_t width, std::int64_t height, std::string_view subject, const ImageLimits& limits) {
  const std::string sides = std::to_string(width) + "x" + std::to_string(height);
  if (width <= 0 || height <= 0) refuse_image(subject, "an image of " + sides + " pixels is empty");
  if (width > limits.max_side || height > limits.max_side) {
    refuse_image(subject, "an image of " + sides + " pixels is over the limit of " + std::to_string(limits.max_side) +
                              " a side; scale it down");
  }
  if (width * height > limits.max_pixels) {
    refuse_image(subject, "an image of " + sides + " = " + std::to_string(width * height) + " pixels is over the limit of " +
                              std::to_string(limits.max_pixels) + "; scale it down");
  }
}

int exif_orientation(std::span<const std::byte> exif) {
  ImageBytes bytes(exif);
  if (bytes.starts_with(std::string_view("Exif\0\0", 6))) bytes = ImageBytes(exif.subspan(6));
  const bool big = bytes.starts_with("MM");
  if (!big && !bytes.starts_with("II")) return 1;
  const auto u16 = [&](std::size_t at) { return big ? bytes.be16(at) : bytes.le16(at); };
  const std::size_t directory = big ? bytes.be32(4) : bytes.le32(4);
  const std::uint32_t entries = u16(directory);
  constexpr std::uint32_t kOrientation = 0x0112, kShort = 3;
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (u16(entry) != kOrientation || u16(entry + 2) != kShort) continue;
    const std::uint32_t value = u16(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

ImageHeader read_image_header(std::span<const std::byte> file, std::string_view subject, const ImageLimits& limits) {
  const Source source{ImageBytes(file), subject, limits};
  if (static_cast<std::int64_t>(file.size()) > limits.max_bytes) {
    refuse(source, "a file of " + std::to_string(file.size()) + " bytes is over the limit of " + std::to_string(limits.max_bytes));
  }
  if (file.empty()) refuse(source, "the image file is empty");
  if (source.bytes.starts_with("\x89PNG\r\n\x1A\n")) return read_png(source);
  if (source.bytes.starts_with("\xFF\xD8\xFF")) return read_jpeg(source);
  if (source.bytes.starts_with("RIFF") && source.bytes.starts_with("WEBP", 8)) return read_webp(source);
  if (source.bytes.starts_with("BM")) return read_bmp(source);
  refuse(source, "not a PNG, JPEG, WebP or BMP image; convert it to one of these");
}

}  // namespace zlens
