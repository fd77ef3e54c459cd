#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "vision/image_codecs.h"

namespace zlens {

namespace {

cv::Mat decode_stored(const CheckedFile& file) {
  auto* data = const_cast<std::byte*>(file.bytes.data());  // the Mat below is only read
  const cv::Mat bytes(1, static_cast<int>(file.bytes.size()), CV_8U, data);
  try {
    return cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& error) {
    refuse_image(file.subject, "damaged image: " + error.err);
  }
}

}  // namespace

Image decode_webp_or_bmp(const CheckedFile& file) {
  const cv::Mat stored = decode_stored(file);
  if (stored.empty()) refuse_image(file.subject, "damaged image data (truncated?)");
  if (stored.rows != file.header.height || stored.cols != file.header.width || stored.depth() != CV_8U) {
    refuse_image(file.subject, "damaged image: its headers disagree");
  }
  Image image{{}, stored.rows, stored.cols};
  const bool transparent = stored.channels() == 4 && (file.header.format == ImageFormat::Webp || file.header.has_alpha);
  if (transparent) {
    cv::Mat rgba;
    cv::cvtColor(stored, rgba, cv::COLOR_BGRA2RGBA);
    image.rgb = composite_on_white({rgba.data, rgba.total() * 4});
    return image;
  }
  image.rgb.resize(stored.total() * 3);
  cv::Mat rgb(stored.rows, stored.cols, CV_8UC3, image.rgb.data());
  const int conversions[] = {cv::COLOR_GRAY2RGB, -1, cv::COLOR_BGR2RGB, cv::COLOR_BGRA2RGB};
  cv::cvtColor(stored, rgb, conversions[stored.channels() - 1]);
  return image;
}

}  // namespace zlens
