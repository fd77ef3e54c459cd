#include "vision/view_sizes.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace zlens {
namespace {

constexpr std::int64_t kIdefics3MaxSide = 4096;

// Python's int(x) of a float.
std::int64_t truncated(double x) {
  return static_cast<std::int64_t>(x);
}

// Python's a / b of integers.
double ratio(std::int64_t a, std::int64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

// Python's int(round(x, 7)): rounding in decimal, on the exact value of x.
std::int64_t truncated_after_rounding(double x) {
  char text[400];
  const auto end = std::to_chars(text, text + sizeof text, x, std::chars_format::fixed, 7).ptr;
  double rounded = 0;
  std::from_chars(text, end, rounded);
  return truncated(rounded);
}

std::int64_t next_multiple(std::int64_t value, std::int64_t of) {
  return (value + of - 1) / of * of;
}

ImageSize shortest_edge_size(ImageSize picture, std::int64_t edge) {
  const auto [shorter, longer] = std::minmax(picture.height, picture.width);
  const std::int64_t other = truncated(ratio(edge * longer, shorter));
  return picture.width <= picture.height ? ImageSize{other, edge} : ImageSize{edge, other};
}

ImageSize shortest_and_longest_size(ImageSize picture, std::int64_t shortest, std::int64_t longest) {
  const auto [shorter, longer] = std::minmax(picture.height, picture.width);
  double edge = static_cast<double>(shortest);
  if (ratio(longer, shorter) * static_cast<double>(shortest) > static_cast<double>(longest)) {
    edge = static_cast<double>(longest) * static_cast<double>(shorter) / static_cast<double>(longer);
    shortest = static_cast<std::int64_t>(std::nearbyint(edge));
  }
  if (shorter == shortest) return picture;
  const std::int64_t other = truncated(edge * static_cast<double>(longer) / static_cast<double>(shorter));
  return picture.width < picture.height ? ImageSize{other, shortest} : ImageSize{shortest, other};
}

ImageSize size_within_maximum(ImageSize picture, ImageSize maximum) {
  const double scale = std::min(ratio(maximum.height, picture.height), ratio(maximum.width, picture.width));
  return {truncated(static_cast<double>(picture.height) * scale), truncated(static_cast<double>(picture.width) * scale)};
}

}  // namespace

ImageSize resized_size(ImageSize picture, const SizeRule& rule) {
  if (rule.shortest_edge && rule.longest_edge) return shortest_and_longest_size(picture, rule.shortest_edge, rule.longest_edge);
  if (rule.shortest_edge) return shortest_edge_size(picture, rule.shortest_edge);
  if (rule.max_height) return size_within_maximum(picture, {rule.max_height, rule.max_width});
  return {rule.height, rule.width};
}

ImageSize longest_edge_size(ImageSize picture, std::int64_t longest_edge) {
  auto [height, width] = picture;
  double aspect = ratio(width, height);
  if (width >= height) {
    width = longest_edge;
    height = truncated(static_cast<double>(width) / aspect);
    height += height % 2;
  } else {
    height = longest_edge;
    width = truncated(static_cast<double>(height) * aspect);
    width += width % 2;
  }
  height = std::max<std::int64_t>(height, 1);
  width = std::max<std::int64_t>(width, 1);
  aspect = ratio(width, height);
  if (width >= height && width > kIdefics3MaxSide) {
    width = kIdefics3MaxSide;
    height = truncated(static_cast<double>(width) / aspect);
  } else if (height > width && height > kIdefics3MaxSide) {
    height = kIdefics3MaxSide;
    width = truncated(static_cast<double>(height) * aspect);
  }
  return {std::max<std::int64_t>(height, 1), std::max<std::int64_t>(width, 1)};
}

ImageSize tiled_size(ImageSize picture, std::int64_t tile_side) {
  const double aspect = ratio(picture.width, picture.height);
  if (picture.width >= picture.height) {
    const std::int64_t width = next_multiple(picture.width, tile_side);
    return {next_multiple(truncated(static_cast<double>(width) / aspect), tile_side), width};
  }
  const std::int64_t height = next_multiple(picture.height, tile_side);
  return {height, next_multiple(truncated(static_cast<double>(height) * aspect), tile_side)};
}

ImageSize idefics3_resized_size(ImageSize picture, const ImageProcessorConfig& config) {
  if (!config.do_resize) return picture;
  if (config.size.longest_edge) return longest_edge_size(picture, config.size.longest_edge);
  return {config.size.height, config.size.width};
}

ImageSize nano_vlm_size(ImageSize picture, std::int64_t tile_side, std::int64_t max_side, bool to_max_side) {
  const auto [shorter, longer] = std::minmax(picture.height, picture.width);
  const std::int64_t long_side = to_max_side ? max_side : std::min(max_side, next_multiple(longer, tile_side));
  const double scaled = static_cast<double>(shorter) * ratio(long_side, longer);
  const auto tiles = static_cast<std::int64_t>(std::ceil(scaled / static_cast<double>(tile_side)));
  const std::int64_t short_side = std::max<std::int64_t>(tiles, 1) * tile_side;
  return picture.width >= picture.height ? ImageSize{short_side, long_side} : ImageSize{long_side, short_side};
}

ImageSize select_best_resolution(ImageSize picture, const std::vector<ImageSize>& pinpoints) {
  ImageSize best;
  std::int64_t most_kept = 0, least_wasted = std::numeric_limits<std::int64_t>::max();
  for (const ImageSize& point : pinpoints) {
    const double scale = std::min(ratio(point.width, picture.width), ratio(point.height, picture.height));
    const std::int64_t width = truncated(static_cast<double>(picture.width) * scale);
    const std::int64_t height = truncated(static_cast<double>(picture.height) * scale);
    const std::int64_t kept = std::min(width * height, picture.width * picture.height);
    const std::int64_t wasted = point.width * point.height - kept;
    if (kept > most_kept || (kept == most_kept && wasted < least_wasted)) {
      most_kept = kept;
      least_wasted = wasted;
      best = point;
    }
  }
  return best;
}

ImageSize size_within(ImageSize picture, ImageSize resolution) {
  const double scale_w = ratio(resolution.width, picture.width), scale_h = ratio(resolution.height, picture.height);
  if (scale_w < scale_h) {
    const auto height = static_cast<std::int64_t>(std::ceil(static_cast<double>(picture.height) * scale_w));
    return {std::min(height, resolution.height), resolution.width};
  }
  const auto width = static_cast<std::int64_t>(std::ceil(static_cast<double>(picture.width) * scale_h));
  return {resolution.height, std::min(width, resolution.width)};
}

std::int64_t llava_next_tile_side(const ImageProcessorConfig& config) {
  if (config.crop_size.height) return config.crop_size.height;
  return config.size.height ? config.size.height : config.size.shortest_edge;
}

ImageSize llava_next_base_size(const ImageProcessorConfig& config) {
  if (config.size.height) return {config.size.height, config.size.width};
  return {config.size.shortest_edge, config.size.shortest_edge};
}

FeatureGrid unpadded_grid(ImageSize picture, FeatureGrid grid) {
  if (ratio(picture.width, picture.height) > ratio(grid.cols, grid.rows)) {
    const std::int64_t kept = truncated_after_rounding(static_cast<double>(picture.height) * ratio(grid.cols, picture.width));
    return {grid.rows - (grid.rows - kept) / 2 * 2, grid.cols};
  }
  const std::int64_t kept = truncated_after_rounding(static_cast<double>(picture.width) * ratio(grid.rows, picture.height));
  return {grid.rows, grid.cols - (grid.cols - kept) / 2 * 2};
}

}  // namespace zlens
