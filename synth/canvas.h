// A white sheet with a pen: shapes without stairs, text whose places are remembered.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "synth/fonts.h"

namespace zlens::synth {

// A line of text in a picture and the box of its ink.
struct PrintedText {
  std::string text;
  cv::Rect box;
};

// A coloured surface: a shape, a bar, a slice.
struct Region {
  int colour = 0;  // its place in kColours (synth/colours.h)
  std::vector<cv::Point2f> outline;
};

// Where a chart shows or names one of its values: a bar, the number at its end, the name beside it.
struct ValuePlace {
  double value = 0;
  std::vector<cv::Point2f> outline;
};

struct Picture {
  cv::Mat bgr;  // uint8, three channels
  std::vector<PrintedText> texts;
  std::vector<Glyph> glyphs;       // every character that has ink
  std::vector<Region> regions;     // of small pictures; later ones lie above
  std::vector<ValuePlace> values;  // of small charts; the same
};

enum class Align { Left, Centre, Right };

cv::Scalar scalar_of(int rgb);  // 0xRRGGBB as blue, green, red

// Coordinates are pixels, y down. `fonts` must outlive the canvas. Not thread-safe.
class Canvas {
 public:
  Canvas(Fonts& fonts, cv::Size size, cv::Scalar background = {255, 255, 255});

  Fonts& fonts() const { return *fonts_; }
  cv::Size size() const { return picture_.bgr.size(); }
  cv::Rect last_text() const { return picture_.texts.empty() ? cv::Rect() : picture_.texts.back().box; }  // of its ink

  void text(std::string_view text, cv::Point baseline, const TextStyle& style, Align align = Align::Left);
  // Capital letters centred on the height of `middle`.
  void text_at(std::string_view text, cv::Point middle, const TextStyle& style, Align align = Align::Left);
  // On a patch of the background, at the first of `middles` where the text is inside the picture and touches no other text; at the
  // last where all are taken.
  void text_where_free(std::string_view text, const std::vector<cv::Point>& middles, const TextStyle& style);

  void line(cv::Point2d from, cv::Point2d to, cv::Scalar colour, int thickness = 1);
  void polyline(const std::vector<cv::Point2d>& points, cv::Scalar colour, int thickness);
  void rectangle(cv::Rect2d box, cv::Scalar colour);
  void polygon(const std::vector<cv::Point2d>& outline, cv::Scalar colour);
  void disc(cv::Point2d centre, double radius, cv::Scalar colour);
  // Angles in degrees, clockwise from twelve o'clock.
  void sector(cv::Point2d centre, double radius, double from, double to, cv::Scalar colour);

  // What was drawn last shows one of kColours inside `outline`.
  void mark(int colour, std::vector<cv::Point2f> outline) { picture_.regions.push_back({colour, std::move(outline)}); }
  // The inside of `outline` or `box` shows or names a value.
  void mark_value(double value, std::vector<cv::Point2f> outline) { picture_.values.push_back({value, std::move(outline)}); }
  void mark_value(double value, cv::Rect2d box);

  Picture take() { return std::move(picture_); }

 private:
  bool free_for(cv::Rect box) const;
  Fonts* fonts_;
  cv::Scalar background_;
  Picture picture_;
};

// `text` in lines of at most `width` pixels where its words allow it.
std::vector<std::string> wrapped(Fonts& fonts, std::string_view text, const TextStyle& style, int width);

}  // namespace zlens::synth
