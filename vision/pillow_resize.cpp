#include "vision/pillow_resize.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace zlens {
namespace {

constexpr int kFixedBits = 22;
constexpr std::int32_t kHalf = 1 << (kFixedBits - 1);

std::uint8_t from_fixed(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFixedBits, 0, 255));
}

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double hamming(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x * (0.54f + 0.46f * std::cos(x));  // single-precision constants, as in Pillow
}

double bicubic(double x) {
  constexpr double a = -0.5;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

double filter_value(Resampler filter, double x) {
  const double distance = std::abs(x);
  switch (filter) {
    case Resampler::Box:
      return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
    case Resampler::Bilinear:
      return distance < 1.0 ? 1.0 - distance : 0.0;
    case Resampler::Hamming:
      return distance < 1.0 ? hamming(distance) : 0.0;
    case Resampler::Bicubic:
      return bicubic(distance);
    default:
      return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0;
  }
}

double filter_support(Resampler filter) {
  switch (filter) {
    case Resampler::Box:
      return 0.5;
    case Resampler::Bicubic:
      return 2.0;
    case Resampler::Lanczos:
      return 3.0;
    default:
      return 1.0;
  }
}

// The source pixels of every target pixel of one axis, and their weights.
struct AxisWeights {
  struct Span {
    std::int64_t first, count;
  };
  std::vector<Span> spans;
  std::vector<std::int32_t> fixed;  // `taps` a target pixel
  std::int64_t taps;

  const std::int32_t* of(std::int64_t target) const { return fixed.data() + target * taps; }
};

void round_weights(const std::vector<double>& weights, double sum, std::int32_t* out) {
  for (const double weight : weights) {
    const double scaled = (sum != 0.0 ? weight / sum : weight) * (1 << kFixedBits);
    *out++ = static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  }
}

AxisWeights axis_weights(std::int64_t source, std::int64_t target, Resampler filter) {
  const double scale = static_cast<double>(source) / static_cast<double>(target);
  const double widening = std::max(scale, 1.0);
  const double support = filter_support(filter) * widening, step = 1.0 / widening;
  AxisWeights axis;
  axis.taps = static_cast<std::int64_t>(std::ceil(support)) * 2 + 1;
  axis.fixed.resize(target * axis.taps);
  std::vector<double> weights;
  for (std::int64_t i = 0; i < target; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(centre - support + 0.5), 0);
    const auto last = std::min<std::int64_t>(static_cast<std::int64_t>(centre + support + 0.5), source);
    weights.clear();
    double sum = 0;
    for (std::int64_t x = first; x < last; ++x) {
      weights.push_back(filter_value(filter, (static_cast<double>(x) - centre + 0.5) * step));
      sum += weights.back();
    }
    round_weights(weights, sum, axis.fixed.data() + i * axis.taps);
    axis.spans.push_back({first, last - first});
  }
  return axis;
}

Image resize_rows(const Image& image, std::int64_t width, Resampler filter) {
  if (width == image.width) return image;
  const AxisWeights axis = axis_weights(image.width, width, filter);
  Image out{{}, image.height, width};
  out.rgb.resize(image.height * width * 3);
  std::uint8_t* target = out.rgb.data();
  for (std::int64_t y = 0; y < image.height; ++y) {
    const std::uint8_t* row = image.rgb.data() + y * image.width * 3;
    for (std::int64_t x = 0; x < width; ++x, target += 3) {
      const std::uint8_t* pixel = row + axis.spans[x].first * 3;
      const std::int32_t* weights = axis.of(x);
      std::int32_t sums[3] = {kHalf, kHalf, kHalf};
      for (std::int64_t i = 0; i < axis.spans[x].count; ++i, pixel += 3) {
        for (int c = 0; c < 3; ++c) sums[c] += pixel[c] * weights[i];
      }
      for (int c = 0; c < 3; ++c) target[c] = from_fixed(sums[c]);
    }
  }
  return out;
}

Image resize_columns(const Image& image, std::int64_t height, Resampler filter) {
  if (height == image.height) return image;
  const AxisWeights axis = axis_weights(image.height, height, filter);
  const std::int64_t row_bytes = image.width * 3;
  Image out{{}, height, image.width};
  out.rgb.resize(height * row_bytes);
  std::vector<std::int32_t> sums(row_bytes);
  for (std::int64_t y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (std::int64_t i = 0; i < axis.spans[y].count; ++i) {
      const std::uint8_t* row = image.rgb.data() + (axis.spans[y].first + i) * row_bytes;
      const std::int32_t weight = axis.of(y)[i];
      for (std::int64_t x = 0; x < row_bytes; ++x) sums[x] += row[x] * weight;
    }
    std::transform(sums.begin(), sums.end(), out.rgb.begin() + y * row_bytes, from_fixed);
  }
  return out;
}

// The nearest source pixel of every target pixel; -1 where the running sum, which Pillow keeps, drifted off the picture.
std::vector<std::int64_t> nearest_sources(std::int64_t source, std::int64_t target) {
  const double step = static_cast<double>(source) / static_cast<double>(target);
  std::vector<std::int64_t> sources(target);
  double position = step * 0.5;
  for (std::int64_t& found : sources) {
    found = static_cast<std::int64_t>(position);
    if (found >= source) found = -1;
    position += step;
  }
  return sources;
}

Image resize_nearest(const Image& image, ImageSize size) {
  const auto rows = nearest_sources(image.height, size.height), columns = nearest_sources(image.width, size.width);
  Image out{{}, size.height, size.width};
  out.rgb.resize(size.height * size.width * 3);
  for (std::int64_t y = 0; y < size.height; ++y) {
    for (std::int64_t x = 0; x < size.width; ++x) {
      if (rows[y] < 0 || columns[x] < 0) continue;
      std::copy_n(image.rgb.data() + (rows[y] * image.width + columns[x]) * 3, 3, out.rgb.data() + (y * size.width + x) * 3);
    }
  }
  return out;
}

}  // namespace

Image pillow_resize(const Image& image, ImageSize size, Resampler filter) {
  if (size == ImageSize{image.height, image.width}) return image;
  if (filter == Resampler::Nearest) return resize_nearest(image, size);
  const std::int64_t rows_less = image.height - size.height, columns_less = image.width - size.width;
  if (rows_less > 0 && rows_less > 2 * columns_less)
    return resize_rows(resize_columns(image, size.height, filter), size.width, filter);
  return resize_columns(resize_rows(image, size.width, filter), size.height, filter);
}

}  // namespace zlens
