#include "synth/canvas.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace zlens::synth {
namespace {

constexpr int kShift = 4;  // OpenCV draws in sixteenths of a pixel
constexpr int kTextGap = 3;

cv::Point fixed(cv::Point2d point) {
  return {static_cast<int>(std::lround(point.x * (1 << kShift))), static_cast<int>(std::lround(point.y * (1 << kShift)))};
}

int left_of(int x, int width, Align align) {
  return align == Align::Left ? x : align == Align::Right ? x - width : x - width / 2;
}

cv::Point2d on_circle(cv::Point2d centre, double radius, double degrees) {
  const double angle = degrees * CV_PI / 180;
  return {centre.x + radius * std::sin(angle), centre.y - radius * std::cos(angle)};
}

}  // namespace

cv::Scalar scalar_of(int rgb) {
  return {static_cast<double>(rgb & 255), static_cast<double>(rgb >> 8 & 255), static_cast<double>(rgb >> 16 & 255)};
}

Canvas::Canvas(Fonts& fonts, cv::Size size, cv::Scalar background)
    : fonts_(&fonts), background_(background), picture_{cv::Mat(size, CV_8UC3, background), {}, {}, {}, {}} {}

void Canvas::text(std::string_view text, cv::Point baseline, const TextStyle& style, Align align) {
  baseline.x = left_of(baseline.x, fonts_->width(text, style), align);
  const cv::Rect ink = fonts_->draw(picture_.bgr, text, baseline, style, &picture_.glyphs);
  if (!ink.empty()) picture_.texts.push_back({std::string(text), ink});
}

void Canvas::text_at(std::string_view words, cv::Point middle, const TextStyle& style, Align align) {
  text(words, {middle.x, middle.y + fonts_->capital_height(style) / 2}, style, align);
}

void Canvas::text_where_free(std::string_view words, const std::vector<cv::Point>& middles, const TextStyle& style) {
  const int width = fonts_->width(words, style), height = style.size * 8 / 10;
  const auto box_at = [&](cv::Point at) { return cv::Rect(at.x - width / 2, at.y - height / 2, width, height); };
  const auto found = std::find_if(middles.begin(), middles.end(), [&](cv::Point at) { return free_for(box_at(at)); });
  const cv::Point at = found == middles.end() ? middles.back() : *found;
  rectangle(box_at(at), background_);
  text_at(words, at, style, Align::Centre);
}

void Canvas::mark_value(double value, cv::Rect2d box) {
  const auto left = static_cast<float>(box.x), top = static_cast<float>(box.y), right = static_cast<float>(box.x + box.width),
             bottom = static_cast<float>(box.y + box.height);
  mark_value(value, std::vector<cv::Point2f>{{left, top}, {right, top}, {right, bottom}, {left, bottom}});
}

bool Canvas::free_for(cv::Rect box) const {
  const cv::Rect image(cv::Point(), size());
  if ((box & image) != box) return false;
  const cv::Rect around(box.x - kTextGap, box.y - kTextGap, box.width + 2 * kTextGap, box.height + 2 * kTextGap);
  return std::none_of(picture_.texts.begin(), picture_.texts.end(),
                      [&](const PrintedText& printed) { return (printed.box & around).area() > 0; });
}

void Canvas::line(cv::Point2d from, cv::Point2d to, cv::Scalar colour, int thickness) {
  cv::line(picture_.bgr, fixed(from), fixed(to), colour, thickness, cv::LINE_AA, kShift);
}

void Canvas::polyline(const std::vector<cv::Point2d>& points, cv::Scalar colour, int thickness) {
  for (std::size_t i = 1; i < points.size(); ++i) line(points[i - 1], points[i], colour, thickness);
}

void Canvas::rectangle(cv::Rect2d box, cv::Scalar colour) {
  const std::vector<cv::Point> corners = {fixed({box.x, box.y}), fixed({box.x + box.width, box.y}),
                                          fixed({box.x + box.width, box.y + box.height}), fixed({box.x, box.y + box.height})};
  cv::fillConvexPoly(picture_.bgr, corners, colour, cv::LINE_AA, kShift);
}

void Canvas::polygon(const std::vector<cv::Point2d>& outline, cv::Scalar colour) {
  std::vector<std::vector<cv::Point>> points(1);
  for (const cv::Point2d point : outline) points[0].push_back(fixed(point));
  cv::fillPoly(picture_.bgr, points, colour, cv::LINE_AA, kShift);
}

void Canvas::disc(cv::Point2d centre, double radius, cv::Scalar colour) {
  cv::circle(picture_.bgr, fixed(centre), static_cast<int>(std::lround(radius * (1 << kShift))), colour, cv::FILLED, cv::LINE_AA,
             kShift);
}

void Canvas::sector(cv::Point2d centre, double radius, double from, double to, cv::Scalar colour) {
  std::vector<cv::Point2d> outline = {centre};
  const int steps = std::max(2, static_cast<int>(to - from));
  for (int i = 0; i <= steps; ++i) outline.push_back(on_circle(centre, radius, from + (to - from) * i / steps));
  polygon(outline, colour);
}

std::vector<std::string> wrapped(Fonts& fonts, std::string_view text, const TextStyle& style, int width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string word(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
    const std::string longer = lines.back().empty() ? word : lines.back() + " " + word;
    if (!lines.back().empty() && fonts.width(longer, style) > width) {
      lines.push_back(word);
    } else {
      lines.back() = longer;
    }
  }
  return lines;
}

}  // namespace zlens::synth
