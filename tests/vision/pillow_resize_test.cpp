#include "vision/pillow_resize.h"

#include "preprocessing_fixture.h"

namespace zlens {
namespace {

TEST(PillowResize, EqualsPillowBitForBit) {
  const Json goldens = testing::read_preprocessing_golden("resize.json")["resizes"];
  int compared = 0;
  for (const Json& golden : goldens) {
    const Image image = testing::picture(golden["from"][0], golden["from"][1]);
    const ImageSize size = {golden["to"][0], golden["to"][1]};
    for (const auto& [filter, expected] : golden["pillow"].items()) {
      const Image resized = pillow_resize(image, size, static_cast<Resampler>(std::stoi(filter)));
      EXPECT_EQ(to_string(ImageSize{resized.height, resized.width}), to_string(size));
      EXPECT_EQ(testing::digest(resized), expected) << "filter " << filter << ": " << golden["from"] << " to " << golden["to"];
      ++compared;
    }
  }
  EXPECT_GE(compared, 240);
}

}  // namespace
}  // namespace zlens
