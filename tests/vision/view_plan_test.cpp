#include "vision/view_plan.h"

#include "io/error.h"
#include "preprocessing_fixture.h"

namespace zlens {
namespace {

using testing::checkpoint;

Json golden_sizes(const char* name) {
  return testing::read_preprocessing_golden("sizes.json").at(name);
}

// Every row holds a picture's height and width and what is expected of it.
Json golden_rows(const Json& golden) {
  EXPECT_GE(golden["rows"].size(), 80u);
  return golden["rows"];
}

TEST(ViewSizes, RulesEqualTransformers) {
  for (const Json& golden : golden_sizes("rules")) {
    SizeRule rule;
    for (const auto& [key, value] : golden["size"].items()) {
      if (key == "height") rule.height = value;
      if (key == "width") rule.width = value;
      if (key == "shortest_edge") rule.shortest_edge = value;
      if (key == "longest_edge") rule.longest_edge = value;
      if (key == "max_height") rule.max_height = value;
      if (key == "max_width") rule.max_width = value;
    }
    EXPECT_GE(golden["sizes"].size(), 80u);
    for (const Json& row : golden["sizes"]) {
      EXPECT_EQ(to_string(resized_size({row[0], row[1]}, rule)), to_string(ImageSize{row[2], row[3]})) << golden["size"] << row;
    }
  }
}

TEST(ViewPlan, LlavaNextKeepsTheFeaturesThatTransformersKeeps) {
  const Json golden = golden_sizes("llava_next");
  const ImageProcessorConfig config = checkpoint(golden["files"]).config();
  for (const Json& row : golden_rows(golden)) {
    const ViewPlan plan = plan_views({row[0], row[1]}, config);
    const FeatureGrid kept = kept_features(plan, config);
    EXPECT_EQ(Json({row[0], row[1], plan.rows, plan.cols, kept.rows, kept.cols, image_token_count(plan, config)}), row);
  }
}

// Token counts of the published checkpoint (576 for the whole picture, the rest for its tiles).
TEST(ViewPlan, LlavaNextTokensOfKnownSizes) {
  const ImageProcessorConfig config = checkpoint(golden_sizes("llava_next")["files"]).config();
  const auto tokens = [&](std::int64_t height, std::int64_t width) {
    return image_token_count(plan_views({height, width}, config), config);
  };
  EXPECT_EQ(tokens(336, 336), 1176);
  EXPECT_EQ(tokens(480, 640), 2340);
  EXPECT_EQ(tokens(640, 480), 2352);
  EXPECT_EQ(tokens(899, 1024), 2634);
  EXPECT_EQ(tokens(300, 1000), 2182);
}

void expect_tiles(const char* name) {
  SCOPED_TRACE(name);
  const Json golden = golden_sizes(name);
  const ImageProcessorConfig config = checkpoint(golden["files"]).config();
  for (const Json& row : golden_rows(golden)) {
    const ViewPlan plan = plan_views({row[0], row[1]}, config);
    EXPECT_EQ(Json({row[0], row[1], plan.rows, plan.cols, plan.views}), row);
  }
}

TEST(ViewPlan, Idefics3AndSmolVlmCutAsTransformersDoes) {
  expect_tiles("idefics3");
  expect_tiles("smolvlm");
  expect_tiles("smolvlm_capped");
}

TEST(ViewPlan, NanoVlmCutsAndCounts) {
  for (const char* name : {"nanovlm", "nanovlm_to_max"}) {
    const Json golden = golden_sizes(name);
    const ImageProcessorConfig config = checkpoint(golden["files"]).config();
    for (const Json& row : golden_rows(golden)) {
      const ViewPlan plan = plan_views({row[0], row[1]}, config);
      EXPECT_EQ(Json({row[0], row[1], plan.rows, plan.cols, image_token_count(plan, config)}), row) << name;
    }
  }
}

TEST(ViewPlan, TokensOfTheOtherFamilies) {
  ImageProcessorConfig config;
  config.type = ImageProcessorType::Llava;
  config.do_center_crop = true;
  config.crop_size = {336, 336};
  config.tokens = {.patch_size = 14, .num_additional_image_tokens = 1, .drops_first_token = true};
  EXPECT_EQ(image_token_count(plan_views({480, 640}, config), config), 576);
  config.tokens.drops_first_token = false;
  EXPECT_EQ(image_token_count(plan_views({480, 640}, config), config), 577);
  config.type = ImageProcessorType::Siglip;
  config.tokens = {.image_seq_len = 256};
  EXPECT_EQ(image_token_count(plan_views({480, 640}, config), config), 256);
}

TEST(ViewPlan, MissingTokenKeysAreNamed) {
  ImageProcessorConfig config;
  config.crop_size = {336, 336};
  config.do_center_crop = true;
  try {
    image_token_count(plan_views({4, 6}, config), config);
    FAIL() << "counted without a patch size";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("patch_size"), std::string::npos) << error.what();
  }
}

TEST(ViewPlan, ManyTilesAreRefused) {
  ImageProcessorConfig config;
  config.type = ImageProcessorType::SmolVlm;
  config.size.longest_edge = 4096;
  config.do_image_splitting = true;
  config.tile_side = 2;
  EXPECT_THROW(plan_views({480, 640}, config), InputError);
}

}  // namespace
}  // namespace zlens
