#include "synth/looks.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "tests/synth/small_fixture.h"

namespace zlens::synth {
namespace {

constexpr Look kLooks[] = {Look::Printed, Look::Scan, Look::Board, Look::Fax};

Picture looked(Picture picture, Look look, std::uint64_t seed = 5) {
  picture.bgr = picture.bgr.clone();
  Rng rng(seed);
  give_look(picture, look, rng);
  return picture;
}

bool equal(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

cv::Mat grey(const cv::Mat& bgr) {
  cv::Mat out;
  cv::cvtColor(bgr, out, cv::COLOR_BGR2GRAY);
  return out;
}

// A white sheet, or a black one, with a bar of the other colour on the left quarter.
Picture bar(bool dark_ground) {
  Picture picture;
  picture.bgr = cv::Mat(128, 128, CV_8UC3, cv::Scalar::all(dark_ground ? 0 : 255));
  picture.bgr(cv::Rect(0, 0, 32, 128)).setTo(cv::Scalar::all(dark_ground ? 255 : 0));
  return picture;
}

TEST(Looks, AreTheSameForEqualRandomNumbersAndPrintedChangesNothing) {
  Painter painter;
  for (const char* kind : {"reading", "small-chart", "small-math"})
    for (std::uint64_t index = 0; index < 10; ++index) {
      const Picture drawn = draw_small(painter, {kind, index}).picture;
      EXPECT_TRUE(equal(looked(drawn, Look::Printed).bgr, drawn.bgr));
      for (const Look look : kLooks) EXPECT_TRUE(equal(looked(drawn, look).bgr, looked(drawn, look).bgr));
      for (const Look look : {Look::Scan, Look::Board, Look::Fax}) {
        EXPECT_FALSE(equal(looked(drawn, look).bgr, drawn.bgr));
        EXPECT_FALSE(equal(looked(drawn, look).bgr, looked(drawn, look, 6).bgr));
      }
    }
}

TEST(Looks, KeepGlyphsInsideThePicture) {
  Painter painter;
  for (std::uint64_t index = 0; index < 50; ++index) {
    const Picture picture = looked(draw_small(painter, {"reading", index}).picture, Look::Scan, index);
    const cv::Rect all(cv::Point(), picture.bgr.size());
    for (const Glyph& glyph : picture.glyphs) EXPECT_EQ(glyph.box & all, glyph.box);
  }
}

TEST(Looks, AFaxIsBlackAndWhiteOnWhite) {
  for (const bool dark : {false, true}) {
    const cv::Mat fax = grey(looked(bar(dark), Look::Fax).bgr);
    EXPECT_EQ(cv::countNonZero(fax == 0) + cv::countNonZero(fax == 255), static_cast<int>(fax.total()));
    EXPECT_GT(cv::mean(fax(cv::Rect(40, 0, 80, 128)))[0], 245);
    EXPECT_LT(cv::mean(fax(cv::Rect(0, 0, 32, 128)))[0], 10);
  }
}

TEST(Looks, OnABoardInkIsLighterThanItsGround) {
  for (const bool dark : {false, true})
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const cv::Mat board = grey(looked(bar(dark), Look::Board, seed).bgr);
      const double ground = cv::mean(board(cv::Rect(40, 0, 80, 128)))[0], ink = cv::mean(board(cv::Rect(0, 0, 32, 128)))[0];
      EXPECT_LT(ground, 100);
      EXPECT_GT(ink, ground + 60);
    }
}

TEST(Looks, AScanHasLessContrast) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const cv::Mat scan = grey(looked(bar(false), Look::Scan, seed).bgr);
    const double between = cv::mean(scan(cv::Rect(60, 32, 60, 64)))[0] - cv::mean(scan(cv::Rect(4, 32, 16, 64)))[0];
    EXPECT_GT(between, 40);
    EXPECT_LT(between, 225);
  }
}

}  // namespace
}  // namespace zlens::synth
