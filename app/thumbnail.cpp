#include "app/thumbnail.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "vision/image.h"

namespace zlens {
namespace {

constexpr double kMaxSide = 900;
constexpr int kQuality = 80;

}  // namespace

std::optional<EmbeddedImage> thumbnail(const std::filesystem::path& file) {
  try {
    Image image = decode_image(file);
    const cv::Mat rgb(static_cast<int>(image.height), static_cast<int>(image.width), CV_8UC3, image.rgb.data());
    const double scale = std::min(1.0, kMaxSide / static_cast<double>(std::max(image.height, image.width)));
    cv::Mat bgr, small;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    const cv::Size size(std::max(1, static_cast<int>(bgr.cols * scale)), std::max(1, static_cast<int>(bgr.rows * scale)));
    cv::resize(bgr, small, size, 0, 0, cv::INTER_AREA);
    std::vector<unsigned char> bytes;
    cv::imencode(".jpg", small, bytes, {cv::IMWRITE_JPEG_QUALITY, kQuality});
    return EmbeddedImage{"image/jpeg", std::string(bytes.begin(), bytes.end())};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace zlens
