#include "vision/ocr/preprocess.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace zlens {

namespace {

constexpr double kMostPixels = 40e6;
constexpr double kLongestSide = 32'000;

double allowed_scale(const Image& image, double wanted) {
  const auto height = static_cast<double>(image.height), width = static_cast<double>(image.width);
  return std::min({wanted, std::sqrt(kMostPixels / (height * width)), kLongestSide / std::max(height, width)});
}

constexpr int kRuleLength = 50;    // pixels of the enlarged page
constexpr int kRuleThickness = 6;  // thicker strokes may be the stems of large letters
constexpr int kBoxCorners = 4;

cv::Mat rules_of_shape(const cv::Mat& ink, const cv::Mat& thick, cv::Size shape) {
  cv::Mat rules;
  cv::morphologyEx(ink, rules, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, shape));
  rules.setTo(0, thick);
  cv::dilate(rules, rules, cv::Mat::ones(3, 3, CV_8U));
  return rules;
}

// Paints the rules of a page with boxes white: with page segmentation 6 Tesseract skips the words inside them. Pages without
// corners are left alone, for there it costs words (edges of the paper, folds).
void remove_boxes(cv::Mat& page) {
  cv::Mat ink, thick, marks;
  cv::threshold(page, ink, 160, 255, cv::THRESH_BINARY_INV);
  cv::morphologyEx(ink, thick, cv::MORPH_OPEN, cv::Mat::ones(kRuleThickness, kRuleThickness, CV_8U));
  const cv::Mat upright = rules_of_shape(ink, thick, {1, kRuleLength}), level = rules_of_shape(ink, thick, {kRuleLength, 1});
  const int corners = cv::connectedComponents(upright & level, marks) - 1;
  if (corners >= kBoxCorners) page.setTo(255, upright | level);
}

}  // namespace

OcrBitmap ocr_bitmap(const Image& image, double upscale) {
  OcrBitmap bitmap;
  bitmap.image_height = image.height;
  bitmap.image_width = image.width;
  bitmap.scale = allowed_scale(image, upscale);
  bitmap.height = std::max<std::int64_t>(1, std::llround(static_cast<double>(image.height) * bitmap.scale));
  bitmap.width = std::max<std::int64_t>(1, std::llround(static_cast<double>(image.width) * bitmap.scale));
  bitmap.grey.resize(bitmap.height * bitmap.width);
  auto* pixels = const_cast<std::uint8_t*>(image.rgb.data());  // the Mat below is only read
  const cv::Mat rgb(static_cast<int>(image.height), static_cast<int>(image.width), CV_8UC3, pixels);
  cv::Mat page(static_cast<int>(bitmap.height), static_cast<int>(bitmap.width), CV_8UC1, bitmap.grey.data());
  cv::Mat grey;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  cv::resize(grey, page, page.size(), 0, 0, bitmap.scale > 1 ? cv::INTER_CUBIC : cv::INTER_AREA);
  remove_boxes(page);
  if (bitmap.scale >= 1) cv::GaussianBlur(page, page, {3, 3}, 0);
  return bitmap;
}

}  // namespace zlens
