#include "vision/preprocess.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/error.h"
#include "vision/image_ops.h"
#include "vision/pixel_table.h"

namespace zlens {
namespace {

ImageSize size_of(const Image& image) {
  return {image.height, image.width};
}

// The steps that families share, on 8-bit pictures.
class Preparation {
 public:
  Preparation(const ImageProcessorConfig& config, std::string_view subject) : config_(config), subject_(subject) {}

  std::vector<Image> views(const Image& image) const {
    switch (config_.type) {
      case ImageProcessorType::LlavaNext:
        return llava_next_views(image);
      case ImageProcessorType::Idefics3:
      case ImageProcessorType::SmolVlm:
        return idefics3_views(image);
      case ImageProcessorType::NanoVlm:
        return nano_vlm_tiles(image);
      default:
        return {resized_and_cropped(config_.do_pad ? padded_to_square(image) : image)};
    }
  }

 private:
  Image resized(const Image& image, ImageSize size) const { return resize(image, size, config_.resize, subject_); }

  Image resized_and_cropped(const Image& image) const {
    const Image at_size = config_.do_resize ? resized(image, resized_size(size_of(image), config_.size)) : image;
    if (!config_.do_center_crop) return at_size;
    const ImageSize crop_size = config_.crop_size;
    check_pixels(size_of(image), {std::max(at_size.height, crop_size.height), std::max(at_size.width, crop_size.width)}, subject_);
    return center_crop(at_size, crop_size);
  }

  Image padded_to_square(const Image& image) const {
    const std::int64_t side = std::max(image.height, image.width);
    check_pixels(size_of(image), {side, side}, subject_);
    std::array<std::uint8_t, 3> colour{};
    for (std::size_t c = 0; c < 3; ++c) colour[c] = static_cast<std::uint8_t>(config_.image_mean[c] * 255);
    return pad(image, {(side - image.height) / 2, (side - image.width) / 2}, {side, side}, colour);
  }

  // Row by row; the last row and column are smaller where the side does not divide the picture.
  static std::vector<Image> tiles(const Image& image, std::int64_t side) {
    std::vector<Image> out;
    for (std::int64_t top = 0; top < image.height; top += side) {
      for (std::int64_t left = 0; left < image.width; left += side)
        out.push_back(crop(image, {top, left}, {std::min(side, image.height - top), std::min(side, image.width - left)}));
    }
    return out;
  }

  std::vector<Image> llava_next_views(const Image& image) const {
    const ImageSize best = select_best_resolution(size_of(image), config_.image_grid_pinpoints);
    check_pixels(size_of(image), best, subject_);
    const ImageSize inside = size_within(size_of(image), best);
    const ImagePlace place = {(best.height - inside.height) / 2, (best.width - inside.width) / 2};
    std::vector<Image> views = {resized(image, llava_next_base_size(config_))};
    for (Image& tile : tiles(pad(resized(image, inside), place, best), llava_next_tile_side(config_)))
      views.push_back(std::move(tile));
    for (Image& view : views) view = resized_and_cropped(view);
    return views;
  }

  std::vector<Image> idefics3_views(const Image& image) const {
    const ImageSize tile = {config_.tile_side, config_.tile_side};
    const Image first = resized(image, idefics3_resized_size(size_of(image), config_));
    if (!config_.do_image_splitting) return {resized(first, tile)};
    const Image second = resized(first, tiled_size(size_of(first), config_.tile_side));
    std::vector<Image> views = tiles(second, config_.tile_side);
    if (views.size() > 1) views.push_back(resized(second, tile));
    return views;
  }

  std::vector<Image> nano_vlm_tiles(const Image& image) const {
    const ImageSize size = nano_vlm_size(size_of(image), config_.tile_side, config_.size.longest_edge, config_.resize_to_max_side);
    if (size.height % config_.tile_side != 0 || size.width % config_.tile_side != 0) {
      throw InputError(std::string(subject_) + ": a picture of " + to_string(size_of(image)) + " would be resized to " +
                       to_string(size) + ", which tiles of " + std::to_string(config_.tile_side) +
                       " do not divide; max_img_size must be a multiple of vit_img_size");
    }
    return tiles(resized(image, size), config_.tile_side);
  }

  const ImageProcessorConfig& config_;
  std::string_view subject_;
};

at::Tensor stacked(const std::vector<Image>& views, const ImageProcessorConfig& config, std::string_view subject) {
  const Image& first = views.front();
  for (const Image& view : views) {
    if (size_of(view) != size_of(first)) {
      throw InputError(std::string(subject) + ": the processor makes views of " + to_string(size_of(first)) + " and of " +
                       to_string(size_of(view)) + "; set do_center_crop, or a crop_size that divides image_grid_pinpoints");
    }
  }
  const PixelTable table = pixel_table(config);
  at::Tensor pixels = at::empty({static_cast<std::int64_t>(views.size()), 3, first.height, first.width}, at::kFloat);
  float* out = pixels.mutable_data_ptr<float>();
  for (const Image& view : views) {
    write_planes(view, table, out);
    out += 3 * view.height * view.width;
  }
  return pixels;
}

// nanoVLM shrinks the floats of the whole picture, not its levels. -> [1 + rows * cols, 3, side, side]
at::Tensor with_global_view(const at::Tensor& tiles, const ViewPlan& plan) {
  const std::int64_t side = plan.view.height;
  const at::Tensor whole = tiles.view({plan.rows, plan.cols, 3, side, side})
                               .permute({2, 0, 3, 1, 4})
                               .reshape({1, 3, plan.rows * side, plan.cols * side});
  const std::vector<std::int64_t> size = {side, side};
  return at::cat({at::_upsample_bilinear2d_aa(whole, size, /*align_corners=*/false), tiles});
}

}  // namespace

PreparedViews prepare_views(const Image& image, const ImageProcessorConfig& config, std::string_view subject) {
  if (image.height < 1 || image.width < 1) throw InputError(std::string(subject) + ": a picture without pixels");
  const ViewPlan plan = plan_views(size_of(image), config, subject);
  check_pixels(size_of(image), {plan.views * plan.view.height, plan.view.width}, subject);
  at::Tensor pixels = stacked(Preparation(config, subject).views(image), config, subject);
  if (config.type == ImageProcessorType::NanoVlm && plan.views > 1) pixels = with_global_view(pixels, plan);
  return {std::move(pixels), image.height, image.width, plan.rows, plan.cols};
}

PreparedViews planned_views(ImageSize picture, const ImageProcessorConfig& config, std::string_view subject) {
  const ViewPlan plan = plan_views(picture, config, subject);
  const auto options = at::TensorOptions().device(at::kMeta).dtype(at::kFloat);
  return {at::empty({plan.views, 3, plan.view.height, plan.view.width}, options), picture.height, picture.width, plan.rows,
          plan.cols};
}

}  // namespace zlens
