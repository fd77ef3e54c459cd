#include "synth/degrade.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "io/error.h"
#include "synth/grain.h"

namespace zlens::synth {
namespace {

cv::Point2f mapped(const cv::Matx23d& map, cv::Point2f point) {
  return {static_cast<float>(map(0, 0) * point.x + map(0, 1) * point.y + map(0, 2)),
          static_cast<float>(map(1, 0) * point.x + map(1, 1) * point.y + map(1, 2))};
}

// The box around the corners of `box` where they are then.
cv::Rect mapped(const cv::Matx23d& map, cv::Rect box) {
  const auto x = static_cast<float>(box.x), y = static_cast<float>(box.y);
  const auto right = static_cast<float>(box.x + box.width), below = static_cast<float>(box.y + box.height);
  cv::Point2f low = mapped(map, cv::Point2f(x, y)), high = low;
  for (const cv::Point2f corner : {cv::Point2f(right, y), cv::Point2f(x, below), cv::Point2f(right, below)}) {
    const cv::Point2f at = mapped(map, corner);
    low = {std::min(low.x, at.x), std::min(low.y, at.y)};
    high = {std::max(high.x, at.x), std::max(high.y, at.y)};
  }
  return {cv::Point(static_cast<int>(std::floor(low.x)), static_cast<int>(std::floor(low.y))),
          cv::Point(static_cast<int>(std::ceil(high.x)), static_cast<int>(std::ceil(high.y)))};
}

// `box` at the new place of its middle: boxes that grew would cover their neighbours' patches.
cv::Rect moved(const cv::Matx23d& map, cv::Rect box) {
  const cv::Point2f half(static_cast<float>(box.width) / 2, static_cast<float>(box.height) / 2);
  const cv::Point2f corner = mapped(map, cv::Point2f(box.tl()) + half) - half;
  return {cv::Point(static_cast<int>(std::lround(corner.x)), static_cast<int>(std::lround(corner.y))), box.size()};
}

cv::Matx23d rotation(cv::Size size, double degrees) {
  const double angle = degrees * CV_PI / 180, c = std::cos(angle), s = std::sin(angle);
  const double x = size.width / 2.0, y = size.height / 2.0;
  return {c, s, x - c * x - s * y, -s, c, y + s * x - c * y};
}

bool keeps_text(const Picture& picture, double degrees) {
  const cv::Rect image(cv::Point(), picture.bgr.size());
  const cv::Matx23d map = rotation(picture.bgr.size(), degrees);
  return std::all_of(picture.glyphs.begin(), picture.glyphs.end(), [&](const Glyph& glyph) {
    const cv::Rect box = mapped(map, glyph.box);
    return (box & image) == box;
  });
}

void reduce_contrast(Picture& picture, Rng& rng) {
  const double left = rng.real(0.65, 1), low = rng.real(0, 255 * (1 - left));
  picture.bgr.convertTo(picture.bgr, -1, left, low);
}

// Adds to every pixel what `row(y)` gives for its row: a function of the column.
template <typename Row>
void add_field(cv::Mat& bgr, const Row& row) {
  for (int y = 0; y < bgr.rows; ++y) {
    const auto value = row(y);
    auto* pixel = bgr.ptr<cv::Vec3b>(y);
    for (int x = 0; x < bgr.cols; ++x) {
      const auto added = value(x);
      for (int c = 0; c < 3; ++c) pixel[x][c] = cv::saturate_cast<unsigned char>(static_cast<float>(pixel[x][c]) + added[c]);
    }
  }
}

cv::Vec3f grey(float value) {
  return {value, value, value};
}

void add_paper(Picture& picture, Rng& rng) {
  const double light = rng.chance(0.6) ? rng.real(10, 45) : 0, angle = rng.real(0, 2 * CV_PI);
  const double rough = light == 0 || rng.chance(0.5) ? rng.real(2, 9) : 0;
  const auto across = static_cast<float>(light * std::cos(angle) / picture.bgr.cols),
             down = static_cast<float>(light * std::sin(angle) / picture.bgr.rows), texture = static_cast<float>(rough);
  const auto left = static_cast<int>(rng.integer(0, kPaperSide - 1)), top = static_cast<int>(rng.integer(0, kPaperSide - 1));
  const int middle_x = picture.bgr.cols / 2, middle_y = picture.bgr.rows / 2;
  add_field(picture.bgr, [&](int y) {
    const float* spots = paper_texture().ptr<float>((top + y) % kPaperSide);
    const float base = down * static_cast<float>(y - middle_y);
    return [=](int x) { return grey(base + across * static_cast<float>(x - middle_x) + texture * spots[(left + x) % kPaperSide]); };
  });
}

void add_noise(Picture& picture, Rng& rng) {
  const auto deviation = static_cast<float>(rng.real(2, 10));
  const bool coloured = rng.chance(0.4);
  add_field(picture.bgr, [&](int) {
    const float* noise = noise_numbers().data();
    const std::size_t start = static_cast<std::size_t>(rng.next());
    return [=](int x) {
      const std::size_t at = start + 3 * static_cast<std::size_t>(x);
      if (!coloured) return grey(deviation * noise[at % kNoiseNumbers]);
      return deviation * cv::Vec3f(noise[at % kNoiseNumbers], noise[(at + 1) % kNoiseNumbers], noise[(at + 2) % kNoiseNumbers]);
    };
  });
}

void blur(Picture& picture, Rng& rng) {
  const double deviation = rng.real(0.3, 0.7);
  cv::GaussianBlur(picture.bgr, picture.bgr, {3, 3}, deviation, deviation, cv::BORDER_REPLICATE);
}

}  // namespace

void compress(Picture& picture, int quality) {
  std::vector<unsigned char> bytes;
  if (!cv::imencode(".jpg", picture.bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, quality}))
    throw Error("a picture could not be written as JPEG");
  picture.bgr = cv::imdecode(bytes, cv::IMREAD_COLOR);
}

void rotate(Picture& picture, double degrees) {
  const cv::Matx23d map = rotation(picture.bgr.size(), degrees);
  cv::Mat turned;
  // The middle of a pixel is half a pixel from its corner: the map is of points, OpenCV's of pixels' middles.
  const cv::Matx23d of_pixels(map(0, 0), map(0, 1), map(0, 2) + (map(0, 0) + map(0, 1) - 1) / 2, map(1, 0), map(1, 1),
                              map(1, 2) + (map(1, 0) + map(1, 1) - 1) / 2);
  cv::warpAffine(picture.bgr, turned, of_pixels, picture.bgr.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  picture.bgr = turned;
  for (PrintedText& text : picture.texts) text.box = mapped(map, text.box);
  for (Glyph& glyph : picture.glyphs) {
    glyph.box = mapped(map, glyph.box);
    glyph.cell = moved(map, glyph.cell);
  }
  for (Region& region : picture.regions)
    for (cv::Point2f& point : region.outline) point = mapped(map, point);
  for (ValuePlace& place : picture.values)
    for (cv::Point2f& point : place.outline) point = mapped(map, point);
}

void rotate_within(Picture& picture, double degrees) {
  while (degrees != 0 && !keeps_text(picture, degrees)) degrees = std::abs(degrees) < 0.5 ? 0 : degrees / 2;
  if (degrees != 0) rotate(picture, degrees);
}

void degrade(Picture& picture, Rng& rng, const Degradation& options) {
  if (rng.chance(options.clean)) return;
  if (rng.chance(options.rotation)) rotate_within(picture, rng.real(-4, 4));
  if (rng.chance(options.contrast)) reduce_contrast(picture, rng);
  if (rng.chance(options.paper)) add_paper(picture, rng);
  if (rng.chance(options.blur)) blur(picture, rng);
  if (rng.chance(options.noise)) add_noise(picture, rng);
  if (rng.chance(options.jpeg)) compress(picture, static_cast<int>(rng.integer(30, 95)));
}

}  // namespace zlens::synth
