#include "vision/image_modality.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/error.h"
#include "io/sha256.h"
#include "vision/image.h"

namespace zlens {

const PreparedViews& ImageModality::views_of(const Prepared& prepared) {
  const auto* image = dynamic_cast<const PreparedImage*>(&prepared);
  if (!image) throw Error("an image modality was handed what another modality had prepared");
  return image->views();
}

std::shared_ptr<const Prepared> ImageModality::prepare(const RawInput& input) const {
  const Image image = decode_image(input);
  std::string hash = sha256_hex("image\n" + image_hash(image) + "\n" + describe(processor_));
  return std::make_shared<PreparedImage>(preprocess(image, processor_), std::move(hash));
}

std::string ImageModality::prompt_text(const Prepared& prepared) const {
  std::string out;
  for (std::int64_t i = 0; i < token_count(prepared); ++i) out += placeholder_;
  return out;
}

std::int64_t ImageModality::token_count(const Prepared& prepared) const {
  return count(views_of(prepared));
}

at::Tensor ImageModality::encode(const Prepared& prepared, Context& context) const {
  return features(views_of(prepared), context);
}

std::map<std::string, at::Tensor> ImageModality::tensors(const std::vector<const Prepared*>& inputs) const {
  std::int64_t most = 0;
  for (const Prepared* input : inputs) most = std::max(most, views_of(*input).pixel_values.size(0));
  std::vector<at::Tensor> rows;
  for (const Prepared* input : inputs) {
    const at::Tensor& own = views_of(*input).pixel_values;
    std::vector<std::int64_t> missing = own.sizes().vec();
    missing.front() = most - own.size(0);
    rows.push_back(at::cat({own, at::zeros(missing, own.options())}));
  }
  return {{"pixel_values", at::stack(rows)}};
}

}  // namespace zlens
