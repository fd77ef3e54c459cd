#include "vision/view_plan.h"

#include <algorithm>

#include "io/error.h"

namespace zlens {
namespace {

constexpr std::int64_t kMaxTiles = 4096;

std::int64_t parts(std::int64_t length, std::int64_t of) {
  return (length + of - 1) / of;
}

ImageSize resized_and_cropped(ImageSize picture, const ImageProcessorConfig& config) {
  if (config.do_center_crop) return config.crop_size;
  return config.do_resize ? resized_size(picture, config.size) : picture;
}

ViewPlan plan_whole(ImageSize picture, const ImageProcessorConfig& config) {
  const std::int64_t side = std::max(picture.height, picture.width);
  const ImageSize padded = config.do_pad ? ImageSize{side, side} : picture;
  return {picture, resized_and_cropped(padded, config)};
}

ViewPlan plan_llava_next(ImageSize picture, const ImageProcessorConfig& config) {
  const ImageSize best = select_best_resolution(picture, config.image_grid_pinpoints);
  const std::int64_t side = llava_next_tile_side(config);
  const std::int64_t rows = parts(best.height, side), cols = parts(best.width, side);
  return {picture, resized_and_cropped(llava_next_base_size(config), config), 1 + rows * cols, rows, cols};
}

ViewPlan plan_idefics3(ImageSize picture, const ImageProcessorConfig& config) {
  const ImageSize tile = {config.tile_side, config.tile_side};
  if (!config.do_image_splitting) return {picture, tile};
  const ImageSize cut = tiled_size(idefics3_resized_size(picture, config), config.tile_side);
  if (cut == tile) return {picture, tile};
  const std::int64_t rows = cut.height / config.tile_side, cols = cut.width / config.tile_side;
  return {picture, tile, rows * cols + 1, rows, cols};
}

ViewPlan plan_nano_vlm(ImageSize picture, const ImageProcessorConfig& config) {
  const ImageSize size = nano_vlm_size(picture, config.tile_side, config.size.longest_edge, config.resize_to_max_side);
  const std::int64_t rows = parts(size.height, config.tile_side), cols = parts(size.width, config.tile_side);
  return {picture, {config.tile_side, config.tile_side}, rows * cols > 1 ? rows * cols + 1 : 1, rows, cols};
}

ViewPlan plan(ImageSize picture, const ImageProcessorConfig& config) {
  switch (config.type) {
    case ImageProcessorType::LlavaNext:
      return plan_llava_next(picture, config);
    case ImageProcessorType::Idefics3:
    case ImageProcessorType::SmolVlm:
      return plan_idefics3(picture, config);
    case ImageProcessorType::NanoVlm:
      return plan_nano_vlm(picture, config);
    default:
      return plan_whole(picture, config);
  }
}

std::int64_t needed(const std::optional<std::int64_t>& value, const char* key) {
  if (value) return *value;
  throw InputError(std::string("processor_config.json: ") + key +
                   " is missing (the number of image tokens depends on it); set it as the vision encoder has it");
}

std::int64_t features_of_view(const ViewPlan& plan, const ImageTokenKeys& tokens) {
  const std::int64_t patch = needed(tokens.patch_size, "patch_size");
  const std::int64_t extra = needed(tokens.num_additional_image_tokens, "num_additional_image_tokens");
  return (plan.view.height / patch) * (plan.view.width / patch) + extra - (tokens.drops_first_token.value_or(false) ? 1 : 0);
}

}  // namespace

ViewPlan plan_views(ImageSize picture, const ImageProcessorConfig& config, std::string_view subject) {
  const ViewPlan result = plan(picture, config);
  if (result.views > kMaxTiles + 1) {
    throw InputError(std::string(subject) + ": a picture of " + to_string(picture) + " would be cut into " +
                     std::to_string(result.views - 1) + " tiles (accepted: up to " + std::to_string(kMaxTiles) +
                     "); the processor's tile size is too small");
  }
  return result;
}

FeatureGrid kept_features(const ViewPlan& plan, const ImageProcessorConfig& config) {
  const std::int64_t patch = needed(config.tokens.patch_size, "patch_size");
  const ImageSize best = select_best_resolution(plan.picture, config.image_grid_pinpoints);
  const std::int64_t down = best.height / plan.view.height, across = best.width / plan.view.width;
  return unpadded_grid(plan.picture, {plan.view.height / patch * down, plan.view.width / patch * across});
}

std::int64_t image_token_count(const ViewPlan& plan, const ImageProcessorConfig& config) {
  switch (config.type) {
    case ImageProcessorType::Clip:
    case ImageProcessorType::Llava:
      return features_of_view(plan, config.tokens);
    case ImageProcessorType::LlavaNext: {
      const FeatureGrid kept = kept_features(plan, config);
      return features_of_view(plan, config.tokens) + kept.rows * (kept.cols + 1);
    }
    case ImageProcessorType::Siglip:
      return needed(config.tokens.image_seq_len, "image_seq_length");
    default:
      return plan.views * needed(config.tokens.image_seq_len, "image_seq_len");
  }
}

}  // namespace zlens
