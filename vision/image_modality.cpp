#include "vision/image_modality.h"

#include <ATen/ATen.h>

#include "io/error.h"
#include "io/json.h"
#include "io/sha256.h"
#include "vision/image.h"

namespace zlens {
namespace {

std::string text_of(ImageSize size) {
  return to_string(size) + " ";
}

// Every option that shapes the views.
std::string fingerprint(const ImageProcessorConfig& config) {
  const SizeRule& rule = config.size;
  std::string out = text_of({rule.height, rule.width}) + text_of({rule.shortest_edge, rule.longest_edge}) +
                    text_of({rule.max_height, rule.max_width}) + text_of(config.crop_size);
  for (const ImageSize& point : config.image_grid_pinpoints) out += text_of(point);
  for (const std::int64_t value :
       {std::int64_t{static_cast<int>(config.type)}, std::int64_t{config.do_resize}, std::int64_t{config.do_center_crop},
        std::int64_t{config.do_rescale}, std::int64_t{config.do_normalize}, std::int64_t{config.do_pad},
        std::int64_t{config.do_image_splitting}, config.tile_side, std::int64_t{config.resize_to_max_side},
        std::int64_t{static_cast<int>(config.resize.backend)}, std::int64_t{static_cast<int>(config.resize.filter)}})
    out += std::to_string(value) + " ";
  out += Json({config.rescale_factor, config.image_mean, config.image_std}).dump();
  return out;
}

}  // namespace

const PreparedViews& ImageModality::views_of(const Prepared& prepared) {
  const auto* image = dynamic_cast<const PreparedImage*>(&prepared);
  if (!image) throw Error("an image modality was handed what another modality had prepared");
  return image->views();
}

std::shared_ptr<const Prepared> ImageModality::prepare(const RawInput& input) const {
  const auto* path = std::get_if<std::filesystem::path>(&input);
  const std::string subject = path ? path->string() : "image";
  const Image image = decode_image(input);
  check(planned_views({image.height, image.width}, processor_, subject), subject);
  return std::make_shared<PreparedImage>(prepare_views(image, processor_, subject),
                                         sha256_hex("image\n" + image_hash(image) + "\n" + fingerprint(processor_)));
}

void ImageModality::check(const PreparedViews& planned, const std::string& subject) const {
  std::int64_t said = 0, given = 0;
  try {
    said = promised(planned);
    given = count(planned);
  } catch (const InputError& error) {
    throw InputError(subject + ": " + error.what());
  }
  if (said != given)
    throw InputError(subject + ": the processor's files promise " + std::to_string(said) + " image tokens, but the encoder gives " +
                     std::to_string(given) + ": processor_config.json and config.json do not belong together");
}

std::int64_t ImageModality::count(const PreparedViews& views) const {
  return tokens_of_view(views) * views.pixel_values.size(0);
}

std::int64_t ImageModality::promised(const PreparedViews& views) const {
  return image_token_count(plan_views({views.height, views.width}, processor_), processor_);
}

std::string ImageModality::prompt_text(const Prepared& prepared) const {
  std::string out;
  for (std::int64_t left = token_count(prepared); left > 0; --left) out += placeholder_;
  return out;
}

std::int64_t ImageModality::token_count(const Prepared& prepared) const {
  return count(views_of(prepared));
}

at::Tensor ImageModality::encode(const Prepared& prepared, Context& context) const {
  return features(views_of(prepared), context);
}

at::Tensor ImageModality::encode_all(const std::vector<const Prepared*>& inputs, Context& context) const {
  std::vector<at::Tensor> views;
  bool alike = views_stand_alone() && !inputs.empty();
  for (const Prepared* input : inputs) {
    views.push_back(views_of(*input).pixel_values);
    alike = alike && views.back().sizes().slice(1) == views.front().sizes().slice(1);
  }
  if (!alike) return Modality::encode_all(inputs, context);
  PreparedViews all = views_of(*inputs.front());
  all.pixel_values = at::cat(views);
  return features(all, context);
}

std::map<std::string, at::Tensor> ImageModality::tensors(const std::vector<const Prepared*>& inputs) const {
  std::vector<at::Tensor> views;
  for (const Prepared* input : inputs) views.push_back(views_of(*input).pixel_values);
  return {{"pixel_values", at::cat(views)}};
}

}  // namespace zlens
