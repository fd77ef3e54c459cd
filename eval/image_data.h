// Images inside a web page.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace zlens {

struct EmbeddedImage {
  std::string mime;  // "image/png", …
  std::string bytes;
};

// An image file as a page can show it, nothing where it cannot (missing, unreadable, too large). Must not throw for bad images.
using Thumbnailer = std::function<std::optional<EmbeddedImage>(const std::filesystem::path&)>;

// The file itself where it is a JPEG, PNG, WebP, GIF or BMP (by its first bytes) of at most `max_bytes`.
std::optional<EmbeddedImage> original_image(const std::filesystem::path& file, std::size_t max_bytes = 512 * 1024);

std::string base64(std::string_view bytes);

// "data:<mime>;base64,…"
std::string data_uri(const EmbeddedImage& image);

}  // namespace zlens
