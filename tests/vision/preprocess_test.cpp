#include "vision/preprocess.h"

#include <ATen/ATen.h>

#include <map>

#include "io/error.h"
#include "preprocessing_fixture.h"

namespace zlens {
namespace {

using testing::checkpoint;
using testing::CheckpointFolder;
using testing::picture;

std::string digest_of_levels(const at::Tensor& values) {
  const at::Tensor levels = values.to(at::kByte).contiguous();
  return sha256_hex(std::as_bytes(std::span(levels.const_data_ptr<std::uint8_t>(), static_cast<std::size_t>(levels.numel()))));
}

// The 8-bit stage: the same preparation without rescaling and normalising. nanoVLM's whole view has floats only.
std::string prepared_levels(const Image& image, ImageProcessorConfig config) {
  if (config.type == ImageProcessorType::NanoVlm) {
    const PreparedViews views = prepare_views(image, config);
    return digest_of_levels((views.pixel_values.slice(0, views.pixel_values.size(0) > 1 ? 1 : 0) * 255).round());
  }
  config.do_rescale = config.do_normalize = false;
  return digest_of_levels(prepare_views(image, config).pixel_values);
}

void expect_floats(const at::Tensor& pixels, const Json& golden) {
  const at::Tensor flat = pixels.reshape({-1});
  for (std::size_t i = 0; i < golden["places"].size(); ++i) {
    const double expected = golden["values"][i];
    EXPECT_NEAR(flat[golden["places"][i].get<std::int64_t>()].item<double>(), expected, 1e-6 * std::max(1.0, std::abs(expected)));
  }
  const double mean = golden["mean"], square = golden["square"];
  EXPECT_NEAR(flat.to(at::kDouble).mean().item<double>(), mean, 1e-6 * std::max(1.0, std::abs(mean)));
  EXPECT_NEAR(flat.to(at::kDouble).square().mean().item<double>(), square, 2e-6 * std::max(1.0, square));
}

void expect_golden(const ImageProcessorConfig& config, const Json& golden) {
  const Image image = picture(golden["picture"][0], golden["picture"][1]);
  const PreparedViews views = prepare_views(image, config);
  EXPECT_EQ(Json(views.pixel_values.sizes().vec()), golden["shape"]);
  EXPECT_EQ(Json({views.rows, views.cols}), golden["grid"]);
  EXPECT_EQ(Json({views.height, views.width}), golden["picture"]);
  EXPECT_EQ(views.pixel_values.scalar_type(), at::kFloat);
  EXPECT_TRUE(views.pixel_values.is_contiguous());
  const PreparedViews planned = planned_views({image.height, image.width}, config);
  EXPECT_EQ(Json(planned.pixel_values.sizes().vec()), golden["shape"]);
  EXPECT_TRUE(planned.pixel_values.is_meta());
  EXPECT_EQ(Json({planned.rows, planned.cols, planned.height, planned.width}),
            Json({views.rows, views.cols, views.height, views.width}));
  if (Json(views.pixel_values.sizes().vec()) != golden["shape"]) return;
  expect_floats(views.pixel_values, golden);
  EXPECT_EQ(prepared_levels(image, config), golden["levels"]);
}

TEST(Preprocess, EqualsThePublishedProcessors) {
  const Json goldens = testing::read_preprocessing_golden("views.json");
  std::map<std::string, ImageProcessorConfig> configs;
  for (const auto& [name, files] : goldens["folders"].items()) configs[name] = checkpoint(files).config();
  int compared = 0;
  for (const Json& golden : goldens["views"]) {
    SCOPED_TRACE(golden["folder"].get<std::string>() + " " + golden["picture"].dump());
    expect_golden(configs.at(golden["folder"]), golden);
    ++compared;
  }
  EXPECT_GE(compared, 130);
}

ImageProcessorConfig small_clip() {
  return checkpoint({{"config.json", {{"model_type", "llava"}}}, {"preprocessor_config.json", {{"size", 8}, {"crop_size", 8}}}})
      .config();
}

TEST(Preprocess, RepeatsExactly) {
  const Image image = picture(37, 41);
  EXPECT_TRUE(at::equal(prepare_views(image, small_clip()).pixel_values, prepare_views(image, small_clip()).pixel_values));
}

TEST(Preprocess, PicturesWithoutPixelsAreRefused) {
  EXPECT_THROW(prepare_views(Image{}, small_clip()), InputError);
  EXPECT_THROW(prepare_views(Image{{}, 3, 0}, small_clip()), InputError);
}

// Nothing is allocated first: these pictures would become billions of pixels, or none.
TEST(Preprocess, ExtremeShapesAreRefusedWithTheNameOfTheImage) {
  ImageProcessorConfig resized = small_clip(), padded = small_clip(), cropped = small_clip(), vanishing = small_clip();
  resized.size.shortest_edge = 336;
  padded.do_pad = true;
  cropped.do_resize = false;
  cropped.crop_size = {16'384, 16'384};
  vanishing.size = {.max_height = 8, .max_width = 8};
  for (const ImageProcessorConfig& config : {resized, padded, cropped, vanishing}) {
    try {
      prepare_views(picture(1, 65'500), config, "strip.png");
      ADD_FAILURE() << "prepared an extreme shape";
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()).find("strip.png: a picture of 1x65500"), 0u) << error.what();
    }
  }
}

TEST(Preprocess, HugePinpointsAreRefused) {
  const CheckpointFolder folder =
      checkpoint({{"config.json", {{"model_type", "llava_next"}}},
                  {"preprocessor_config.json", {{"image_grid_pinpoints", {{16'384, 16'384}}}, {"size", 336}, {"crop_size", 336}}}});
  EXPECT_THROW(prepare_views(picture(20, 30), folder.config()), InputError);
}

TEST(Preprocess, ViewsOfSeveralSizesAreRefused) {
  const CheckpointFolder folder = checkpoint({{"config.json", {{"model_type", "llava_next"}}},
                                              {"preprocessor_config.json", {{"do_resize", false}, {"do_center_crop", false}}}});
  EXPECT_THROW(prepare_views(picture(20, 30), folder.config()), InputError);
}

TEST(Preprocess, NanoVlmTilesMustDivideTheLongestSide) {
  const CheckpointFolder folder = checkpoint({{"config.json", {{"vit_img_size", 32}, {"max_img_size", 100}}}});
  EXPECT_EQ(prepare_views(picture(20, 90), folder.config()).cols, 3);
  EXPECT_THROW(prepare_views(picture(20, 99), folder.config()), InputError);
}

}  // namespace
}  // namespace zlens
