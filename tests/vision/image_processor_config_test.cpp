#include "vision/image_processor_config.h"

#include "io/error.h"
#include "preprocessing_fixture.h"

namespace zlens {
namespace {

using testing::checkpoint;
using testing::CheckpointFolder;

const Json kClip = {{"image_processor_type", "CLIPImageProcessor"}};

ImageProcessorConfig read_v4(const char* model_type, const Json& keys) {
  return checkpoint({{"config.json", {{"model_type", model_type}}}, {"preprocessor_config.json", keys}}).config();
}

// The message that refuses `keys`; fails where they are accepted.
std::string refusal(const char* model_type, const Json& keys) {
  try {
    read_v4(model_type, keys);
  } catch (const InputError& error) {
    return error.what();
  }
  ADD_FAILURE() << "accepted " << keys;
  return {};
}

void expect_refusal(const char* model_type, const Json& keys, const std::string& key) {
  const std::string message = refusal(model_type, keys);
  EXPECT_NE(message.find("preprocessor_config.json"), std::string::npos) << message;
  EXPECT_NE(message.find(key), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST(ImageProcessorConfig, MissingKeysTakeTheClassDefaults) {
  const ImageProcessorConfig clip = read_v4("llava", kClip);
  EXPECT_EQ(clip.type, ImageProcessorType::Clip);
  EXPECT_EQ(clip.size.shortest_edge, 224);
  EXPECT_EQ(clip.crop_size, (ImageSize{224, 224}));
  EXPECT_EQ(clip.resize.filter, Resampler::Bicubic);
  EXPECT_TRUE(clip.do_resize && clip.do_center_crop && clip.do_rescale && clip.do_normalize && !clip.do_pad);
  EXPECT_EQ(clip.image_mean[0], 0.48145466);
  EXPECT_EQ(clip.rescale_factor, 1.0 / 255);

  const ImageProcessorConfig siglip = read_v4("paligemma", Json::object());
  EXPECT_EQ(siglip.type, ImageProcessorType::Siglip);
  EXPECT_EQ(siglip.size.height, 224);
  EXPECT_FALSE(siglip.do_center_crop);
  EXPECT_EQ(siglip.image_std[2], 0.5);

  const ImageProcessorConfig smol = read_v4("smolvlm", Json::object());
  EXPECT_EQ(smol.type, ImageProcessorType::SmolVlm);
  EXPECT_EQ(smol.size.longest_edge, 1456);
  EXPECT_EQ(smol.tile_side, 364);
  EXPECT_EQ(smol.resize.filter, Resampler::Lanczos);
  EXPECT_TRUE(smol.do_image_splitting);

  const ImageProcessorConfig next = read_v4("llava_next", {{"image_grid_pinpoints", nullptr}});
  EXPECT_EQ(next.image_grid_pinpoints.size(), 5u);
  EXPECT_EQ(next.image_grid_pinpoints[3], (ImageSize{1008, 336}));
}

TEST(ImageProcessorConfig, TypesGoByEveryNameTheyHad) {
  EXPECT_EQ(read_v4("llava", {{"image_processor_type", "CLIPImageProcessorFast"}}).type, ImageProcessorType::Clip);
  EXPECT_EQ(read_v4("llava", {{"image_processor_type", "SiglipImageProcessorPil"}}).type, ImageProcessorType::Siglip);
  EXPECT_EQ(read_v4("llava", {{"feature_extractor_type", "CLIPFeatureExtractor"}}).type, ImageProcessorType::Clip);
  EXPECT_EQ(read_v4("idefics3", Json::object()).type, ImageProcessorType::Idefics3);
  expect_refusal("llava", {{"image_processor_type", "Qwen2VLImageProcessor"}}, "image_processor_type");
  expect_refusal("mllama", Json::object(), "image_processor_type");
}

TEST(ImageProcessorConfig, TheNestedFormWinsAndCarriesTheTokenKeys) {
  const CheckpointFolder folder =
      checkpoint({{"config.json", {{"model_type", "llava"}}},
                  {"preprocessor_config.json", {{"image_processor_type", "SiglipImageProcessor"}}},
                  {"processor_config.json",
                   {{"image_processor", {{"image_processor_type", "CLIPImageProcessor"}, {"size", {{"shortest_edge", 336}}}}},
                    {"patch_size", 14},
                    {"num_additional_image_tokens", 1},
                    {"vision_feature_select_strategy", "default"}}}});
  const ImageProcessorConfig config = folder.config();
  EXPECT_EQ(config.type, ImageProcessorType::Clip);
  EXPECT_EQ(config.size.shortest_edge, 336);
  EXPECT_EQ(config.tokens.patch_size, 14);
  EXPECT_EQ(config.tokens.num_additional_image_tokens, 1);
  EXPECT_EQ(config.tokens.drops_first_token, true);
}

TEST(ImageProcessorConfig, TokenKeysStandBesideTheV4Form) {
  const CheckpointFolder folder = checkpoint({{"config.json", {{"model_type", "smolvlm"}}},
                                              {"preprocessor_config.json", Json::object()},
                                              {"processor_config.json", {{"image_seq_len", 64}}}});
  EXPECT_EQ(folder.config().tokens.image_seq_len, 64);
  EXPECT_EQ(read_v4("paligemma", {{"image_seq_length", 1024}}).tokens.image_seq_len, 1024);
  const ImageTokenKeys absent = read_v4("llava", kClip).tokens;
  EXPECT_FALSE(absent.patch_size || absent.num_additional_image_tokens || absent.drops_first_token || absent.image_seq_len);
}

TEST(ImageProcessorConfig, NanoVlmReadsItsFlatConfig) {
  const ImageProcessorConfig config =
      checkpoint({{"config.json", {{"vit_img_size", 256}, {"resize_to_max_side_len", true}, {"mp_image_token_length", 16}}}})
          .config();
  EXPECT_EQ(config.type, ImageProcessorType::NanoVlm);
  EXPECT_EQ(config.tile_side, 256);
  EXPECT_EQ(config.size.longest_edge, 2048);
  EXPECT_TRUE(config.resize_to_max_side);
  EXPECT_EQ(config.tokens.image_seq_len, 16);
  EXPECT_EQ(config.resize.backend, ResizeBackend::Pillow);
}

TEST(ImageProcessorConfig, TheBackEndComesWithItsReason) {
  const ImageProcessorConfig usual = read_v4("llava", kClip);
  EXPECT_EQ(usual.resize.backend, ResizeBackend::Torchvision);
  EXPECT_FALSE(usual.backend_reason.empty());
  const ImageProcessorConfig hamming = read_v4("llava", {{"resample", 5}});
  EXPECT_EQ(hamming.resize.backend, ResizeBackend::Pillow);
  EXPECT_NE(hamming.backend_reason.find("resample 5"), std::string::npos);
}

// Every field that serves as a size, a divisor or an index.
TEST(ImageProcessorConfig, ValuesOutsideTheirRangeAreRefused) {
  for (const Json& bad : {Json(0), Json(-1), Json(1'000'000'000'000), Json(1.5), Json("336"), Json(true), Json::array({1})}) {
    expect_refusal("llava", {{"size", bad}}, "size");
    expect_refusal("llava", {{"crop_size", bad}}, "crop_size");
    for (const char* key : {"shortest_edge", "longest_edge"}) expect_refusal("llava", {{"size", {{key, bad}}}}, "size");
    expect_refusal("llava", {{"size", {{"height", bad}, {"width", 5}}}}, "height");
    expect_refusal("llava", {{"size", {{"height", 5}, {"width", bad}}}}, "width");
    expect_refusal("llava", {{"size", {{"max_height", bad}, {"max_width", 5}}}}, "max_height");
    expect_refusal("smolvlm", {{"max_image_size", {{"longest_edge", bad}}}}, "longest_edge");
    expect_refusal("smolvlm", {{"max_image_size", bad}}, "max_image_size");
    expect_refusal("llava_next", {{"image_grid_pinpoints", {{bad, 336}}}}, "image_grid_pinpoints");
    expect_refusal("llava_next", {{"image_grid_pinpoints", bad}}, "image_grid_pinpoints");
  }
  for (const Json& bad : {Json(0), Json(-1), Json(1e300), Json("0.5"), Json::array({0.5, 0.5}), Json::array({0.5, 0, 0.5}),
                          Json::array({0.5, nullptr, 0.5})}) {
    expect_refusal("llava", {{"image_std", bad}}, "image_std");
  }
  for (const Json& bad : {Json(0), Json(-1), Json(1e300), Json("1")})
    expect_refusal("llava", {{"rescale_factor", bad}}, "rescale_factor");
  for (const Json& bad : {Json(-1), Json(6), Json(3.5), Json("bicubic")}) expect_refusal("llava", {{"resample", bad}}, "resample");
  expect_refusal("llava", {{"image_mean", {0.5, 1e300, 0.5}}}, "image_mean");
  expect_refusal("llava", {{"do_resize", 1}}, "do_resize");
  expect_refusal("llava", {{"image_processor_type", "LlavaImageProcessor"}, {"do_pad", true}, {"image_mean", {0.5, 2, 0.5}}},
                 "image_mean");
}

TEST(ImageProcessorConfig, NumbersThatAreNoNumbersAreRefused) {
  const CheckpointFolder folder = checkpoint({{"config.json", {{"model_type", "llava"}}}});
  for (const char* text : {"{\"image_std\": [NaN, 1, 1]}", "{\"image_std\": [1e999, 1, 1]}", "{\"size\": ", "[]", "", "null"}) {
    folder.write("preprocessor_config.json", text);
    EXPECT_THROW(folder.config(), InputError) << text;
  }
}

TEST(ImageProcessorConfig, SizesThatNameNoSizeAreRefused) {
  expect_refusal("llava", {{"size", Json::object()}}, "size");
  expect_refusal("llava", {{"size", {{"height", 5}}}}, "size");
  expect_refusal("llava", {{"size", {{"longest_edge", 5}}}}, "size");
  expect_refusal("llava", {{"size", {{"height", 5}, {"width", 5}, {"shortest_edge", 5}}}}, "size");
  expect_refusal("llava", {{"size", {{"max_pixels", 5}, {"min_pixels", 5}}}}, "_pixels");
  expect_refusal("llava", {{"size", {{"two\nlines", 5}}}}, "size");
  expect_refusal("llava", {{"size", {1, 2, 3}}}, "size");
  expect_refusal("llava", {{"crop_size", {{"shortest_edge", 5}}}}, "crop_size");
  expect_refusal("smolvlm", {{"size", {{"shortest_edge", 5}}}}, "size");
  expect_refusal("llava_next", {{"size", {{"max_height", 5}, {"max_width", 5}}}}, "size");
  expect_refusal("paligemma", {{"do_center_crop", true}}, "crop_size");
  expect_refusal("llava_next", {{"image_grid_pinpoints", Json::array()}}, "image_grid_pinpoints");
  expect_refusal("llava_next", {{"image_grid_pinpoints", {{1, 2, 3}}}}, "image_grid_pinpoints");
}

TEST(ImageProcessorConfig, TokenKeysOutsideTheirRangeAreRefused) {
  const auto read = [](const char* key, const Json& value) {
    return checkpoint({{"config.json", {{"model_type", "llava"}}},
                       {"preprocessor_config.json", Json::object()},
                       {"processor_config.json", {{key, value}}}})
        .config();
  };
  for (const char* key : {"patch_size", "image_seq_len", "image_seq_length"}) {
    for (const Json& bad : {Json(0), Json(-1), Json(1'000'000'000'000), Json(1.5), Json("14")})
      EXPECT_THROW(read(key, bad), InputError) << key;
  }
  EXPECT_THROW(read("num_additional_image_tokens", -1), InputError);
  EXPECT_THROW(read("vision_feature_select_strategy", "cls"), InputError);
}

TEST(ImageProcessorConfig, NanoVlmValuesOutsideTheirRangeAreRefused) {
  for (const char* key : {"vit_img_size", "max_img_size", "mp_image_token_length"}) {
    for (const Json& bad : {Json(0), Json(-1), Json(1'000'000'000'000), Json("512")})
      EXPECT_THROW(checkpoint({{"config.json", {{key, bad}}}}).config(), InputError) << key;
  }
}

TEST(ImageProcessorConfig, FoldersWithoutAProcessorAreRefused) {
  const CheckpointFolder folder = checkpoint({{"config.json", {{"model_type", "llava"}}}});
  try {
    folder.config();
    FAIL() << "read a processor that is not there";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("no preprocessor_config.json"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace zlens
