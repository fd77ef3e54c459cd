#include <algorithm>
#include <cmath>

#include "synth/draw_small.h"
#include "synth/small_style.h"

namespace zlens::synth {
namespace {

using Outline = std::vector<cv::Point2d>;

cv::Point2d on_circle(double degrees, double radius = 1) {
  const double angle = degrees * CV_PI / 180;
  return {radius * std::sin(angle), -radius * std::cos(angle)};
}

Outline regular(int corners, double first_degrees = 0) {
  Outline out;
  for (int i = 0; i < corners; ++i) out.push_back(on_circle(first_degrees + 360.0 * i / corners));
  return out;
}

Outline box(double x, double y) {
  return {{-x, -y}, {x, -y}, {x, y}, {-x, y}};
}

Outline star() {
  Outline out;
  for (int i = 0; i < 10; ++i) out.push_back(on_circle(36.0 * i, i % 2 ? 0.42 : 1));
  return out;
}

Outline cross() {
  constexpr double kArm = 0.32, kEnd = 0.95;
  return {{-kArm, -kEnd}, {kArm, -kEnd}, {kArm, -kArm}, {kEnd, -kArm}, {kEnd, kArm},   {kArm, kArm},
          {kArm, kEnd},   {-kArm, kEnd}, {-kArm, kArm}, {-kEnd, kArm}, {-kEnd, -kArm}, {-kArm, -kArm}};
}

// Two half circles above a point.
Outline heart() {
  Outline out = {{0, 0.95}};
  for (int i = 0; i <= 12; ++i) out.push_back(cv::Point2d(-0.48, -0.38) + on_circle(-115 + 205.0 * i / 12, 0.5));
  for (int i = 0; i <= 12; ++i) out.push_back(cv::Point2d(0.48, -0.38) + on_circle(-90 + 205.0 * i / 12, 0.5));
  return out;
}

// A disc without a part of another one at its right.
Outline moon() {
  constexpr double kTip = 35, kSteps = 24;
  const cv::Point2d middle(0.45, 0), tip = on_circle(kTip) - middle;
  const double radius = std::hypot(tip.x, tip.y), degrees = std::atan2(tip.x, -tip.y) * 180 / CV_PI;
  Outline out;
  for (int i = 0; i <= kSteps; ++i) out.push_back(on_circle(180 - kTip + (180 + 2 * kTip) * i / kSteps));
  for (int i = 1; i < kSteps; ++i) out.push_back(middle + on_circle(360 + degrees - (180 + 2 * degrees) * i / kSteps, radius));
  return out;
}

// In the order of kShapes, from -1 to 1.
Outline outline_of(std::size_t shape) {
  switch (shape) {
    case 0:
      return regular(40);
    case 1:
      return box(0.8, 0.8);
    case 2:
      return box(0.98, 0.55);
    case 3:
      return {{0, -0.9}, {0.95, 0.75}, {-0.95, 0.75}};
    case 4:
      return star();
    case 5:
      return cross();
    case 6:
      return {{0, -1}, {0.62, 0}, {0, 1}, {-0.62, 0}};
    case 7:
      return heart();
    case 8:
      return moon();
    default:
      return regular(5);
  }
}

bool may_turn_over(std::size_t shape) {
  return shape == 0 || shape == 4 || shape == 8;
}

// Every colour of the scene is far from it, or its surfaces have an outline.
cv::Scalar draw_background(Rng& rng, const Scene& scene) {
  constexpr double kLeastDistance = 95;
  for (;;) {
    const double look = rng.real();
    cv::Scalar colour;
    const auto grey = static_cast<double>(look < 0.45 ? rng.integer(225, 255) : rng.integer(0, 255));
    for (int c = 0; c < 3; ++c) colour[c] = look < 0.7 ? grey : static_cast<double>(rng.integer(0, 255));
    const bool far = std::all_of(scene.shapes.begin(), scene.shapes.end(), [&](const SceneShape& shape) {
      return cv::norm(scalar_of(kColours[shape.colour].rgb) - colour) > kLeastDistance;
    });
    if (far) return colour;
  }
}

// A little lighter, darker or otherwise toned than its name says.
cv::Scalar toned(Rng& rng, std::size_t colour) {
  cv::Scalar out = scalar_of(kColours[colour].rgb);
  for (int c = 0; c < 3; ++c) out[c] = std::clamp(out[c] + static_cast<double>(rng.integer(-8, 8)), 0.0, 255.0);
  return out;
}

class ScenePicture {
 public:
  ScenePicture(Fonts& fonts, const Scene& scene, cv::Size size, Rng& rng)
      : rng_(rng), canvas_(fonts, size, draw_background(rng, scene)), outlined_(rng.chance(0.3)), dark_(rng.chance(0.7)) {}

  void add(const SceneShape& shape) {
    const double degrees = may_turn_over(shape.shape) ? 360 * rng_.real() : 24 * rng_.real() - 12;
    const double c = std::cos(degrees * CV_PI / 180), s = std::sin(degrees * CV_PI / 180);
    const double across = canvas_.size().width / 128.0, down = canvas_.size().height / 128.0;
    Outline points = outline_of(shape.shape);
    for (cv::Point2d& point : points)
      point = {(shape.x + shape.radius * (c * point.x - s * point.y)) * across,
               (shape.y + shape.radius * (s * point.x + c * point.y)) * down};
    canvas_.polygon(points, toned(rng_, shape.colour));
    if (outlined_) {
      Outline closed = points;
      closed.push_back(points.front());
      canvas_.polyline(closed, dark_ ? cv::Scalar::all(25) : cv::Scalar::all(240), 1);
    }
    canvas_.mark(static_cast<int>(shape.colour), {points.begin(), points.end()});
  }

  Picture take() { return canvas_.take(); }

 private:
  Rng& rng_;
  Canvas canvas_;
  bool outlined_, dark_;
};

}  // namespace

Picture draw_scene(Fonts& fonts, const Scene& scene, Rng& rng, const PictureOptions& options) {
  const SmallStyle style = draw_small_style(fonts, rng, options);
  ScenePicture picture(fonts, scene, style.size, rng);
  for (const SceneShape& shape : scene.shapes) picture.add(shape);
  return picture.take();
}

}  // namespace zlens::synth
