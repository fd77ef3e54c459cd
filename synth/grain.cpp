#include "synth/grain.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

namespace zlens::synth {
namespace {

// Standard normal numbers but for rare large ones: sums of twelve uniform ones, which are the same on every platform.
std::vector<float> normal_numbers(std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  std::vector<float> out(count);
  for (float& number : out) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += rng.real();
    number = static_cast<float>(sum);
  }
  return out;
}

cv::Mat make_texture() {
  cv::Mat sum = cv::Mat::zeros(kPaperSide, kPaperSide, CV_32F);
  for (const int cells : {8, 32, 128}) {
    std::vector<float> numbers =
        normal_numbers(static_cast<std::uint64_t>(cells), static_cast<std::size_t>(cells) * static_cast<std::size_t>(cells));
    cv::Mat smooth;
    cv::resize(cv::Mat(cells, cells, CV_32F, numbers.data()), smooth, {kPaperSide, kPaperSide}, 0, 0, cv::INTER_CUBIC);
    sum += smooth;
  }
  cv::Scalar mean, deviation;
  cv::meanStdDev(sum, mean, deviation);
  return (sum - mean[0]) / deviation[0];
}

}  // namespace

const std::vector<float>& noise_numbers() {
  static const std::vector<float> kNumbers = normal_numbers(1, kNoiseNumbers);
  return kNumbers;
}

const cv::Mat& paper_texture() {
  static const cv::Mat kTexture = make_texture();
  return kTexture;
}

cv::Mat noise_field(cv::Size size, Rng& rng) {
  cv::Mat out(size, CV_32F);
  const std::vector<float>& noise = noise_numbers();
  for (int y = 0; y < out.rows; ++y) {
    const auto start = static_cast<std::size_t>(rng.next());
    for (int x = 0; x < out.cols; ++x) out.at<float>(y, x) = noise[(start + static_cast<std::size_t>(x)) % kNoiseNumbers];
  }
  return out;
}

cv::Mat paper_field(cv::Size size, Rng& rng) {
  cv::Mat out(size, CV_32F);
  const auto left = static_cast<int>(rng.integer(0, kPaperSide - 1)), top = static_cast<int>(rng.integer(0, kPaperSide - 1));
  for (int y = 0; y < out.rows; ++y)
    for (int x = 0; x < out.cols; ++x)
      out.at<float>(y, x) = paper_texture().at<float>((top + y) % kPaperSide, (left + x) % kPaperSide);
  return out;
}

cv::Mat light_field(cv::Size size, Rng& rng) {
  cv::Mat out(size, CV_32F);
  const double angle = rng.real(0, 2 * CV_PI), across = std::cos(angle) / size.width, down = std::sin(angle) / size.height;
  for (int y = 0; y < out.rows; ++y)
    for (int x = 0; x < out.cols; ++x)
      out.at<float>(y, x) = static_cast<float>(across * (x - size.width / 2.0) + down * (y - size.height / 2.0));
  return out;
}

}  // namespace zlens::synth
