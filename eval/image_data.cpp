#include "eval/image_data.h"

#include <cstdint>

#include "io/error.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

std::string_view mime_of(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8\xFF")) return "image/jpeg";
  if (bytes.starts_with("\x89PNG\r\n\x1A\n")) return "image/png";
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return "image/webp";
  return bytes.starts_with("BM") ? "image/bmp" : "";
}

}  // namespace

std::optional<EmbeddedImage> original_image(const std::filesystem::path& file, std::size_t max_bytes) {
  try {
    std::string bytes = read_text_file(file, max_bytes);
    const std::string mime(mime_of(bytes));
    if (mime.empty()) return std::nullopt;
    return EmbeddedImage{mime, std::move(bytes)};
  } catch (const InputError&) {
    return std::nullopt;
  }
}

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) -> std::uint32_t {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const std::uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
    out += kDigits[group >> 18];
    out += kDigits[group >> 12 & 63];
    out += i + 1 < bytes.size() ? kDigits[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kDigits[group & 63] : '=';
  }
  return out;
}

std::string data_uri(const EmbeddedImage& image) {
  return "data:" + image.mime + ";base64," + base64(image.bytes);
}

}  // namespace zlens
