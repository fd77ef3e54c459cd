#include "vision/image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "image_files.h"
#include "io/error.h"

namespace zlens {
namespace {

using testing::decode_text;
using testing::read_fixture;
using testing::read_golden;

int largest_difference(const Image& a, const Image& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) largest = std::max(largest, std::abs(int{a.rgb[i]} - int{b.rgb[i]}));
  return largest;
}

void expect_like_golden(const std::string& name, int tolerance) {
  SCOPED_TRACE(name);
  const Image image = decode_text(read_fixture(name)), golden = read_golden(name);
  ASSERT_EQ(image.height, golden.height);
  ASSERT_EQ(image.width, golden.width);
  ASSERT_EQ(image.rgb.size(), golden.rgb.size());
  EXPECT_LE(largest_difference(image, golden), tolerance);
}

class Exact : public ::testing::TestWithParam<const char*> {};
TEST_P(Exact, EqualsPillow) {
  expect_like_golden(GetParam(), 0);
}
INSTANTIATE_TEST_SUITE_P(Png, Exact,
                         ::testing::Values("grey1.png", "grey2.png", "grey4.png", "grey8.png", "grey16.png", "grey_alpha8.png",
                                           "grey_alpha16.png", "rgb8.png", "rgb16.png", "rgba8.png", "rgba16.png", "palette4.png",
                                           "palette8.png", "palette_trns.png", "grey_key.png", "rgb_key.png", "one.png", "wide.png",
                                           "tall.png", "interlaced.png", "turned.png"));
INSTANTIATE_TEST_SUITE_P(Webp, Exact, ::testing::Values("lossless.webp", "alpha.webp", "turned.webp"));
INSTANTIATE_TEST_SUITE_P(Bmp, Exact,
                         ::testing::Values("rgb.bmp", "grey.bmp", "palette.bmp", "bilevel.bmp", "padded32.bmp", "top_down.bmp",
                                           "alpha.bmp"));

// Lossy decoders of different versions differ by a few levels.
class Close : public ::testing::TestWithParam<const char*> {};
TEST_P(Close, IsWithinAFewLevelsOfPillow) {
  expect_like_golden(GetParam(), 4);
}
INSTANTIATE_TEST_SUITE_P(Jpeg, Close,
                         ::testing::Values("rgb.jpg", "rgb444.jpg", "grey.jpg", "cmyk.jpg", "progressive.jpg", "restarts.jpg",
                                           "one.jpg", "exif1.jpg", "exif2.jpg", "exif3.jpg", "exif4.jpg", "exif5.jpg", "exif6.jpg",
                                           "exif7.jpg", "exif8.jpg"));
INSTANTIATE_TEST_SUITE_P(Webp, Close, ::testing::Values("lossy.webp", "alpha_lossy.webp"));

TEST(Image, OrientationsAreAllDifferent) {
  std::set<std::string> hashes;
  for (int i = 1; i <= 8; ++i) hashes.insert(image_hash(decode_text(read_fixture("exif" + std::to_string(i) + ".jpg"))));
  EXPECT_EQ(hashes.size(), 8u);
}

TEST(Image, APathGivesWhatItsBytesGive) {
  const std::filesystem::path path = std::string(ZLENS_FIXTURES) + "/images/rgb8.png";
  EXPECT_EQ(decode_image(path).rgb, decode_text(read_fixture("rgb8.png")).rgb);
}

TEST(Image, AViewIsCopiedRowByRow) {
  const std::vector<std::uint8_t> padded = {1, 2, 3, 4, 5, 6, 99, 99, 7, 8, 9, 10, 11, 12, 99, 99};
  const Image image = decode_image(RgbView{padded.data(), 2, 2, 8});
  EXPECT_EQ(image.rgb, (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
}

TEST(Image, UnusableViewsAreRefused) {
  const std::uint8_t pixel[3] = {};
  EXPECT_THROW(decode_image(RgbView{pixel, 0, 1, 3}), InputError);
  EXPECT_THROW(decode_image(RgbView{pixel, -1, 1, 3}), InputError);
  EXPECT_THROW(decode_image(RgbView{pixel, 1, 1, 2}), InputError);
  EXPECT_THROW(decode_image(RgbView{nullptr, 1, 1, 3}), InputError);
  EXPECT_THROW(decode_image(RgbView{pixel, 65'501, 1, 3}), InputError);
  EXPECT_THROW(decode_image(RgbView{pixel, 60'000, 60'000, 180'000}), InputError);
}

TEST(Image, HashTellsShapesWithEqualPixelsApart) {
  const Image wide{{1, 2, 3, 4, 5, 6}, 1, 2}, tall{{1, 2, 3, 4, 5, 6}, 2, 1};
  EXPECT_NE(image_hash(wide), image_hash(tall));
  EXPECT_EQ(image_hash(wide), image_hash(Image{wide}));
}

TEST(Image, ErrorsNameThePath) {
  const std::filesystem::path path = std::string(ZLENS_FIXTURES) + "/images/no such file.png";
  try {
    decode_image(path);
    FAIL() << "decoded a file that is not there";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("no such file.png"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace zlens
