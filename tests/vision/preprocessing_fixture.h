// The pictures and the goldens of tests/fixtures/make_preprocessing.py.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "io/json.h"
#include "io/sha256.h"
#include "support/temporary_folder.h"
#include "vision/image_processor_config.h"

namespace zlens::testing {

inline Json read_preprocessing_golden(const std::string& name) {
  return read_json_file(std::string(ZLENS_FIXTURES) + "/preprocessing/" + name);
}

// The script's picture(): blocks of hard noise, a gradient and soft noise.
inline Image picture(std::int64_t height, std::int64_t width) {
  Image image{{}, height, width};
  image.rgb.reserve(height * width * 3);
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      for (std::uint32_t c = 0; c < 3; ++c) {
        std::uint32_t n = y * 0x9E3779B1u ^ x * 0x85EBCA77u ^ c * 0xC2B2AE3Du;
        n = (n ^ n >> 15) * 0x2C1B3C6Du;
        n = (n ^ n >> 12) * 0x297A2D39u;
        const std::uint32_t noise = (n ^ n >> 15) & 255;
        const auto wide = static_cast<std::uint32_t>(std::max<std::int64_t>(width - 1, 1)),
                   tall = static_cast<std::uint32_t>(std::max<std::int64_t>(height - 1, 1));
        const std::uint32_t slope = (x * 255 / wide + y * 255 / tall + 85 * c) / 2 % 256;
        const std::uint32_t block = (x / 8 + y / 8) % 3;
        image.rgb.push_back(static_cast<std::uint8_t>(block == 0 ? (noise >= 128 ? 255 : 0) : block == 1 ? slope : noise));
      }
    }
  }
  return image;
}

inline std::string digest(const Image& image) {
  return sha256_hex(std::as_bytes(std::span(image.rgb)));
}

// A checkpoint's folder with the given files (name to content) and no weights.
class CheckpointFolder {
 public:
  explicit CheckpointFolder(const Json& files) {
    for (const auto& [name, content] : files.items()) {
      write(name, content.dump());
      if (name == "config.json" && content.contains("model_type")) model_type_ = content["model_type"].get<std::string>();
    }
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  // nanoVLM's config names no model type.
  ImageProcessorConfig config() const { return read_image_processor_config(folder_.path(), model_type_); }

 private:
  TemporaryFolder folder_;
  std::string model_type_ = "nanovlm";
};

// A function, so that braces can only mean JSON.
inline CheckpointFolder checkpoint(const Json& files) {
  return CheckpointFolder(files);
}

}  // namespace zlens::testing
