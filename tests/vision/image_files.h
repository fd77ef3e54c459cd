// Reading the image fixtures and building hostile files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

#include "vision/image.h"

namespace zlens::testing {

inline std::string read_fixture(const std::string& name) {
  std::ifstream in(std::string(ZLENS_FIXTURES) + "/images/" + name, std::ios::binary);
  if (!in) throw std::runtime_error("no fixture " + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline Image decode_text(std::string_view bytes) {
  return decode_image(std::as_bytes(std::span(bytes.data(), bytes.size())), "test");
}

// What Pillow made of a fixture: "<width> <height>\n" and RGB bytes.
inline Image read_golden(const std::string& name) {
  const std::string text = read_fixture(name + ".rgb");
  std::istringstream in(text);
  Image image;
  in >> image.width >> image.height;
  const std::size_t start = text.find('\n') + 1;
  image.rgb.assign(text.begin() + start, text.end());
  return image;
}

}  // namespace zlens::testing
