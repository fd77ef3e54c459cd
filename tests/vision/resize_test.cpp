#include "vision/resize.h"

#include "io/error.h"
#include "preprocessing_fixture.h"
#include "vision/pillow_resize.h"

namespace zlens {
namespace {

using testing::picture;

TEST(Resize, EqualsTorchvisionBitForBit) {
  const Json goldens = testing::read_preprocessing_golden("resize.json")["resizes"];
  int compared = 0;
  for (const Json& golden : goldens) {
    const Image image = picture(golden["from"][0], golden["from"][1]);
    const ImageSize size = {golden["to"][0], golden["to"][1]};
    for (const auto& [filter, expected] : golden["torchvision"].items()) {
      const Image resized = resize(image, size, {static_cast<Resampler>(std::stoi(filter)), ResizeBackend::Torchvision});
      EXPECT_EQ(to_string(ImageSize{resized.height, resized.width}), to_string(size));
      EXPECT_EQ(testing::digest(resized), expected) << "filter " << filter << ": " << golden["from"] << " to " << golden["to"];
      ++compared;
    }
  }
  EXPECT_GE(compared, 160);
}

TEST(Resize, ThePillowBackEndIsPillows) {
  const Image image = picture(40, 30);
  for (int filter = 0; filter < 6; ++filter) {
    const auto resampler = static_cast<Resampler>(filter);
    EXPECT_EQ(resize(image, {7, 50}, {resampler, ResizeBackend::Pillow}).rgb, pillow_resize(image, {7, 50}, resampler).rgb);
  }
}

TEST(Resize, TheBackEndsDiffer) {
  const Image image = picture(240, 320);
  const ImageSize size = {56, 75};
  EXPECT_NE(resize(image, size, {Resampler::Bicubic, ResizeBackend::Torchvision}).rgb,
            resize(image, size, {Resampler::Bicubic, ResizeBackend::Pillow}).rgb);
}

TEST(Resize, AnEvenColourStays) {
  for (const auto backend : {ResizeBackend::Torchvision, ResizeBackend::Pillow}) {
    for (const auto filter : {Resampler::Nearest, Resampler::Lanczos, Resampler::Bilinear, Resampler::Bicubic}) {
      const Image even{std::vector<std::uint8_t>(3 * 31 * 7, 201), 31, 7};
      const Image resized = resize(even, {9, 40}, {filter, backend});
      EXPECT_EQ(resized.rgb, std::vector<std::uint8_t>(3 * 9 * 40, 201)) << static_cast<int>(filter);
    }
  }
}

TEST(Resize, UnusableSizesAreRefused) {
  const Image image = picture(2, 3);
  for (const auto backend : {ResizeBackend::Torchvision, ResizeBackend::Pillow}) {
    const ResizeMethod method = {Resampler::Bicubic, backend};
    EXPECT_THROW(resize(image, {0, 5}, method), InputError);
    EXPECT_THROW(resize(image, {5, -1}, method), InputError);
    EXPECT_THROW(resize(image, {200'000, 200'000}, method), InputError);
    EXPECT_THROW(resize(image, {INT64_MAX, INT64_MAX}, method), InputError);
  }
}

TEST(Resize, TorchvisionLacksTwoFilters) {
  EXPECT_THROW(resize(picture(2, 3), {4, 4}, {Resampler::Box, ResizeBackend::Torchvision}), InputError);
  EXPECT_THROW(resize(picture(2, 3), {4, 4}, {Resampler::Hamming, ResizeBackend::Torchvision}), InputError);
}

TEST(Resize, ErrorsNameTheImage) {
  try {
    resize(picture(1, 2), {0, 7}, {}, "page 3.png");
    FAIL() << "made a picture without rows";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "page 3.png: a picture of 1x2 (height x width) would become 0x7 (accepted: 1 to 178000000 pixels); crop it "
                 "to a less extreme shape");
  }
}

}  // namespace
}  // namespace zlens
