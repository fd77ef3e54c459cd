// What a caller hands to a modality, before anything is decoded. Free of torch and OpenCV.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <variant>

namespace zlens {

// Pixels in memory: uint8 RGB, HWC, rows `stride` bytes apart. Does not own them.
struct RgbView {
  const std::uint8_t* data = nullptr;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t stride = 0;
};

// A file, the bytes of a file (not owned), or pixels (not owned). Needed only during Modality::prepare.
using RawInput = std::variant<std::filesystem::path, std::span<const std::byte>, RgbView>;

}  // namespace zlens
