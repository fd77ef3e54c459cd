#include "vision/image_ops.h"

#include <gtest/gtest.h>

#include "vision/pixel_table.h"

namespace zlens {
namespace {

// Grey levels, as they lie.
Image grey(ImageSize size, const std::vector<std::uint8_t>& levels) {
  Image image{{}, size.height, size.width};
  for (const std::uint8_t level : levels) image.rgb.insert(image.rgb.end(), 3, level);
  return image;
}

const Image kPicture = grey({2, 3}, {1, 2, 3, 4, 5, 6});

TEST(ImageOps, CropTakesAPart) {
  EXPECT_EQ(crop(kPicture, {0, 1}, {2, 2}).rgb, grey({2, 2}, {2, 3, 5, 6}).rgb);
}

TEST(ImageOps, PadSurroundsWithAColour) {
  EXPECT_EQ(pad(kPicture, {0, 1}, {2, 4}).rgb, grey({2, 4}, {0, 1, 2, 3, 0, 4, 5, 6}).rgb);
  EXPECT_EQ(pad(grey({1, 1}, {9}), {0, 0}, {1, 2}, {1, 2, 3}).rgb, (std::vector<std::uint8_t>{9, 9, 9, 1, 2, 3}));
}

TEST(ImageOps, CentreCropRoundsDownAndPadsWhatIsSmaller) {
  EXPECT_EQ(center_crop(kPicture, {1, 2}).rgb, grey({1, 2}, {1, 2}).rgb);
  EXPECT_EQ(center_crop(kPicture, {3, 1}).rgb, grey({3, 1}, {2, 5, 0}).rgb);
  EXPECT_EQ(center_crop(kPicture, {2, 6}).rgb, grey({2, 6}, {0, 1, 2, 3, 0, 0, 0, 4, 5, 6, 0, 0}).rgb);
}

TEST(PixelTable, FusesRescalingAndNormalising) {
  ImageProcessorConfig config;
  config.image_mean = {0.5, 0.25, 0};
  config.image_std = {0.5, 0.25, 1};
  const PixelTable table = pixel_table(config);
  EXPECT_EQ(table[0][0], -1.0f);
  EXPECT_EQ(table[0][255], 1.0f);
  EXPECT_EQ(table[1][255], 3.0f);
  EXPECT_EQ(table[2][51], 0.2f);
}

TEST(PixelTable, EitherStepAlone) {
  ImageProcessorConfig config;
  config.image_mean = {10, 10, 10};
  config.image_std = {2, 2, 2};
  config.do_rescale = false;
  EXPECT_EQ(pixel_table(config)[1][255], 122.5f);
  config.do_normalize = false;
  EXPECT_EQ(pixel_table(config)[1][255], 255.0f);
  config.do_rescale = true;
  config.rescale_factor = 0.5;
  EXPECT_EQ(pixel_table(config)[1][255], 127.5f);
}

TEST(PixelTable, WritesPlanes) {
  PixelTable table{};
  table[0][1] = 10;
  table[1][2] = 20;
  table[2][3] = 30;
  std::vector<float> planes(6);
  write_planes(Image{{1, 2, 3, 0, 2, 0}, 1, 2}, table, planes.data());
  EXPECT_EQ(planes, (std::vector<float>{10, 0, 20, 20, 30, 0}));
}

}  // namespace
}  // namespace zlens
