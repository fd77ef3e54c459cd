#include "vision/llava_images.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/error.h"
#include "modules/config_reader.h"
#include "modules/state_dict.h"
#include "vision/family_config.h"
#include "vision/image_modality.h"
#include "vision/projectors.h"
#include "vision/vision_transformer.h"

namespace zlens {
namespace {

struct FeatureOptions {
  VisionTransformer::Outputs outputs;
  bool drop_first = true;  // vision_feature_select_strategy "default": without the first token, whatever it is
};

FeatureOptions read_feature_options(const ConfigReader& config) {
  FeatureOptions out;
  out.outputs.hidden_states = config.integers("vision_feature_layer", {-4096, 4096});
  if (out.outputs.hidden_states.empty()) out.outputs.hidden_states = {-2};
  const std::string strategy = config.string("vision_feature_select_strategy", "default");
  if (strategy != "default" && strategy != "full")
    config.fail("vision_feature_select_strategy", "'" + strategy + "' is not supported (known: default, full)");
  out.drop_first = strategy == "default";
  return out;
}

MlpProjector::Options projector_options(const ConfigReader& config, std::int64_t in, std::int64_t out) {
  return {in, out, config.boolean("multimodal_projector_bias", true), config.string("projector_hidden_act", "gelu")};
}

class LlavaImages : public ImageModality {
 public:
  LlavaImages(const FamilyFiles& files, ImageProcessorConfig processor, StateDict& weights, AdaptableMatrices& slots)
      : LlavaImages(files, std::move(processor), read_feature_options(top(files)), weights, slots) {}

 protected:
  // By LLaVA's rule whatever the image processor is: SigLIP's has another one.
  std::int64_t promised(const PreparedViews& views) const override {
    const ImageTokenKeys& keys = processor().tokens;
    const std::int64_t rows = views.pixel_values.size(2) / *keys.patch_size,
                       columns = views.pixel_values.size(3) / *keys.patch_size;
    return rows * columns + *keys.num_additional_image_tokens - (*keys.drops_first_token ? 1 : 0);
  }
  at::Tensor features(const PreparedViews& views, Context& context) const override {
    return encode_views(views, context).flatten(0, 1);
  }

  static ConfigReader top(const FamilyFiles& files) { return ConfigReader(files.config, subject_of(files)); }

  std::int64_t tokens_of_view(const PreparedViews& views) const override {
    const auto [rows, columns] = tower_.grid_of(views.pixel_values.size(2), views.pixel_values.size(3));
    return rows * columns + (tower_.config().class_token ? 1 : 0) - (drop_first_ ? 1 : 0);
  }
  at::Tensor encode_views(const PreparedViews& views, Context& context) const {  // -> [V, tokens of a view, D]
    const at::Tensor seen = tower_.forward(views.pixel_values, context);
    return projector_.forward(drop_first_ ? seen.slice(1, 1) : seen, context);
  }
  const VisionTransformer& tower() const { return tower_; }

 private:
  LlavaImages(const FamilyFiles& files, ImageProcessorConfig processor, const FeatureOptions& options, StateDict& weights,
              AdaptableMatrices& slots)
      : ImageModality(std::move(processor), "<image>"),
        drop_first_(options.drop_first),
        tower_(llava_vision_config(files.config, subject_of(files)), options.outputs, weights, "model.vision_tower", slots),
        projector_(projector_options(top(files), tower_.width(), files.hidden_size), weights, "model.multi_modal_projector",
                   slots) {
    ImageTokenKeys& keys = token_keys();
    if (!keys.patch_size) keys.patch_size = tower_.config().patch_size;
    if (!keys.num_additional_image_tokens) keys.num_additional_image_tokens = tower_.config().class_token ? 1 : 0;
    if (!keys.drops_first_token) keys.drops_first_token = drop_first_;
  }

  bool drop_first_;
  VisionTransformer tower_;
  MlpProjector projector_;
};

class LlavaNextImages : public LlavaImages {
 public:
  LlavaNextImages(const FamilyFiles& files, ImageProcessorConfig processor, StateDict& weights, AdaptableMatrices& slots)
      : LlavaImages(files, std::move(processor), weights, slots),
        newline_(weights.take("model.image_newline", {files.hidden_size})) {}

  // The views of every input by themselves, filled up with zeros to the most that one of them has: [inputs, V, 3, H, W].
  std::map<std::string, at::Tensor> tensors(const std::vector<const Prepared*>& inputs) const override {
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

 protected:
  std::int64_t count(const PreparedViews& views) const override {
    const FeatureGrid kept = kept_of(views);
    return tokens_of_view(views) + kept.rows * (kept.cols + 1);
  }

  std::int64_t promised(const PreparedViews& views) const override { return ImageModality::promised(views); }
  bool views_stand_alone() const override { return false; }

  at::Tensor features(const PreparedViews& views, Context& context) const override {
    const FeatureGrid kept = kept_of(views);
    const at::Tensor all = encode_views(views, context), tiles = all.slice(0, 1);
    const std::int64_t side = tower().config().grid(), width = all.size(2), rows = views.rows * side, cols = views.cols * side;
    const std::int64_t first_row = (rows - kept.rows) / 2, first_col = (cols - kept.cols) / 2;
    const at::Tensor field = tiles.reshape({views.rows, views.cols, side, side, width})
                                 .permute({0, 2, 1, 3, 4})
                                 .reshape({rows, cols, width})
                                 .slice(0, first_row, first_row + kept.rows)
                                 .slice(1, first_col, first_col + kept.cols);  // -> [rows, cols, D]
    const at::Tensor ended = at::cat({field, newline_.expand({kept.rows, 1, width})}, 1);
    return at::cat({all[0], ended.flatten(0, 1)}, 0);
  }

 private:
  FeatureGrid kept_of(const PreparedViews& views) const {
    const std::int64_t side = tower().config().grid();
    if (tokens_of_view(views) != side * side)
      throw InputError("vision_feature_select_strategy leaves " + std::to_string(tokens_of_view(views)) +
                       " tokens of a tile, but its grid has " + std::to_string(side * side) +
                       ": use 'default' for a tower with a class token and 'full' for one without");
    return unpadded_grid({views.height, views.width}, {views.rows * side, views.cols * side});
  }

  at::Tensor newline_;
};

}  // namespace

VisionConfig llava_vision_config(const Json& config, const std::string& subject) {
  const Json absent = {{"model_type", "clip_vision_model"},
                       {"intermediate_size", 4096},
                       {"hidden_size", 1024},
                       {"patch_size", 14},
                       {"image_size", 336},
                       {"num_hidden_layers", 24},
                       {"num_attention_heads", 16}};
  return vision_config_of(config, absent, /*fixed_type=*/false, subject);
}

std::shared_ptr<const Modality> make_llava_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots) {
  return std::make_shared<LlavaImages>(files, read_image_processor_config(files.folder, "llava"), weights, slots);
}

std::shared_ptr<const Modality> make_llava_next_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots) {
  return std::make_shared<LlavaNextImages>(files, read_image_processor_config(files.folder, "llava_next"), weights, slots);
}

}  // namespace zlens
