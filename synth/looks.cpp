#include "synth/looks.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "synth/degrade.h"
#include "synth/grain.h"

namespace zlens::synth {
namespace {

// Grey values as float32 0 to 255.
cv::Mat grey_of(const cv::Mat& bgr) {
  cv::Mat grey;
  cv::cvtColor(bgr, grey, cv::COLOR_BGR2GRAY);
  grey.convertTo(grey, CV_32F);
  return grey;
}

// The value that half of the pixels do not exceed: the background's, as it fills most of a picture.
float median_of(const cv::Mat& grey) {
  std::vector<float> values(grey.begin<float>(), grey.end<float>());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// How much of each pixel is drawn, 0 (background) to 1, whether the ink is darker than its ground or lighter.
cv::Mat ink_of(const cv::Mat& bgr) {
  const cv::Mat grey = grey_of(bgr);
  cv::Mat ink = cv::abs(grey - median_of(grey));
  double most = 0;
  cv::minMaxLoc(ink, nullptr, &most);
  constexpr double kFaint = 40;  // a picture with less contrast stays fainter
  return ink / std::max(most, kFaint);
}

void scan(Picture& picture, Rng& rng) {
  rotate_within(picture, rng.real(-7, 7));
  const double deviation = rng.real(0.5, 0.9);
  cv::GaussianBlur(picture.bgr, picture.bgr, {5, 5}, deviation, deviation, cv::BORDER_REPLICATE);
  const double left = rng.real(0.4, 0.7), middle = 110;
  const cv::Size size = picture.bgr.size();
  const double rough = rng.real(2, 5), uneven = rng.real(0, 60);
  cv::Mat added =
              rough * paper_field(size, rng) + uneven * light_field(size, rng) + 8 * noise_field(size, rng) + middle * (1 - left),
          grown;
  cv::merge(std::vector<cv::Mat>(3, added), grown);
  cv::Mat paper;
  picture.bgr.convertTo(paper, CV_32F, left);
  cv::Mat(paper + grown).convertTo(picture.bgr, CV_8U);
  compress(picture, static_cast<int>(rng.integer(25, 60)));
}

void board(Picture& picture, Rng& rng) {
  const cv::Size size = picture.bgr.size();
  cv::Mat grain = noise_field(size, rng);
  cv::GaussianBlur(grain, grain, {5, 5}, 0.7);
  cv::Mat chalk = ink_of(picture.bgr).mul(0.75 + 0.35 * grain);
  chalk = cv::min(cv::max(chalk, 0), 1);
  const cv::Mat ground = rng.real(2, 6) * paper_field(size, rng) + 4 * noise_field(size, rng);
  const double white = rng.real(190, 255);
  const cv::Scalar colour(rng.real(30, 70), rng.real(50, 90), rng.real(20, 55));  // greenish to bluish
  std::vector<cv::Mat> channels;
  for (int c = 0; c < 3; ++c) {
    const double tint = white * rng.real(0.8, 1);
    const cv::Mat under = ground + colour[c];
    channels.push_back(under + chalk.mul(tint - under));
  }
  cv::Mat mixed;
  cv::merge(channels, mixed);
  mixed.convertTo(picture.bgr, CV_8U);
}

// Bayer's matrix of ordered dithering.
constexpr int kBayer[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};

void fax(Picture& picture, Rng& rng) {
  const cv::Mat ink = ink_of(picture.bgr);
  const double specks = rng.real(0, 0.01);
  for (int y = 0; y < ink.rows; ++y)
    for (int x = 0; x < ink.cols; ++x) {
      const double threshold = 0.1 + 0.65 * (kBayer[y % 4][x % 4] + 0.5) / 16;
      bool black = ink.at<float>(y, x) > threshold;
      if (rng.chance(specks)) black = !black;
      picture.bgr.at<cv::Vec3b>(y, x) = black ? cv::Vec3b(0, 0, 0) : cv::Vec3b(255, 255, 255);
    }
}

}  // namespace

void give_look(Picture& picture, Look look, Rng& rng) {
  if (look == Look::Scan) scan(picture, rng);
  if (look == Look::Board) board(picture, rng);
  if (look == Look::Fax) fax(picture, rng);
}

}  // namespace zlens::synth
