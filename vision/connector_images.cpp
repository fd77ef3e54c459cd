#include "vision/connector_images.h"

#include <ATen/ATen.h>

#include "io/error.h"
#include "modules/config_reader.h"
#include "modules/state_dict.h"
#include "vision/family_config.h"
#include "vision/image_modality.h"
#include "vision/projectors.h"
#include "vision/vision_transformer.h"

namespace zlens {
namespace {

constexpr IntegerRange kShuffle{1, 64};

std::string repeated(const std::string& text, std::int64_t count) {
  std::string out;
  for (std::int64_t i = 0; i < count; ++i) out += text;
  return out;
}

struct ConnectorOptions {
  VisionConfig tower;
  std::string tower_name, matrix_name, placeholder;
  std::int64_t shuffle = 1;  // pixel shuffle by this; 1: none
  bool bias = false;
};

// Tower, pixel shuffle, one matrix. Every view has as many tokens.
class ConnectorImages : public ImageModality {
 protected:
  ConnectorImages(ImageProcessorConfig processor, const ConnectorOptions& options, std::int64_t hidden_size, StateDict& weights,
                  AdaptableMatrices& slots)
      : ImageModality(std::move(processor), options.placeholder),
        shuffle_(options.shuffle),
        tower_(options.tower, {.hidden_states = {}, .normed = true}, weights, options.tower_name, slots),
        matrix_(weights, options.matrix_name, {tower_.width() * shuffle_ * shuffle_, hidden_size, options.bias}, slots) {
    const std::int64_t side = tower_.config().grid() / shuffle_;
    if (!token_keys().image_seq_len) token_keys().image_seq_len = side * side;
  }

  std::int64_t tokens_of_view(const PreparedViews& views) const override {
    const auto [rows, columns] = tower_.grid_of(views.pixel_values.size(2), views.pixel_values.size(3));
    if (rows % shuffle_ != 0 || columns % shuffle_ != 0)
      throw InputError("a view of " + std::to_string(rows) + " x " + std::to_string(columns) + " patches cannot be shuffled by " +
                       std::to_string(shuffle_));
    return rows * columns / (shuffle_ * shuffle_);
  }

  at::Tensor features(const PreparedViews& views, Context& context) const override {
    const at::Tensor seen = tower_.forward(views.pixel_values, context);
    return matrix_.forward(shuffle_ == 1 ? seen : shuffle_patches(seen, shuffle_), context).flatten(0, 1);
  }

 private:
  std::int64_t shuffle_;
  VisionTransformer tower_;
  Linear matrix_;
};

class Idefics3Images : public ConnectorImages {
 public:
  Idefics3Images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots)
      : ConnectorImages(read_image_processor_config(files.folder, files.config.at("model_type").get<std::string>()),
                        options_of(files), files.hidden_size, weights, slots) {}

  // Tiles row by row, each behind its place, a line end behind every row, then the whole picture (transformers' Idefics3Processor).
  std::string prompt_text(const Prepared& prepared) const override {
    const PreparedViews& views = views_of(prepared);
    const std::string fake = "<fake_token_around_image>", view = repeated(placeholder(), tokens_of_view(views));
    const std::string whole = fake + "<global-img>" + view + fake;
    if (views.rows == 0) return whole;
    std::string out;
    for (std::int64_t row = 1; row <= views.rows; ++row) {
      for (std::int64_t column = 1; column <= views.cols; ++column)
        out += fake + "<row_" + std::to_string(row) + "_col_" + std::to_string(column) + ">" + view;
      out += "\n";
    }
    return out + "\n" + whole;
  }

  // The views of all inputs in one list: [1, V, 3, H, W].
  std::map<std::string, at::Tensor> tensors(const std::vector<const Prepared*>& inputs) const override {
    return {{"pixel_values", ImageModality::tensors(inputs).at("pixel_values").unsqueeze(0)}};
  }

 private:
  static ConnectorOptions options_of(const FamilyFiles& files) {
    const std::string subject = subject_of(files);
    const ConfigReader config(files.config, subject);
    const std::string type = config.string("model_type") + "_vision";
    // Published files name other types, which transformers does not read here.
    return {vision_config_of(files.config, {{"model_type", type}}, /*fixed_type=*/true, subject),
            "model.vision_model",
            "model.connector.modality_projection.proj",
            "<image>",
            config.integer("scale_factor", kShuffle, 2),
            false};
  }
};

class NanoVlmImages : public ConnectorImages {
 public:
  NanoVlmImages(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots)
      : ConnectorImages(read_image_processor_config(files.folder, "nanovlm"), options_of(files), files.hidden_size, weights,
                        slots) {}

  // The whole picture, then the tiles row by row, each behind its place (nanoVLM's get_image_string).
  std::string prompt_text(const Prepared& prepared) const override {
    const PreparedViews& views = views_of(prepared);
    const std::string view = repeated(placeholder(), tokens_of_view(views));
    std::string out = kWholePicture + view;
    if (views.rows * views.cols == 1) return out;
    for (std::int64_t row = 1; row <= views.rows; ++row)
      for (std::int64_t column = 1; column <= views.cols; ++column)
        out += "<row_" + std::to_string(row) + "_col_" + std::to_string(column) + ">" + view;
    return out;
  }

  // Several pictures are counted (get_image_string).
  PromptText complete(std::string prompt, const std::string&) const override {
    std::vector<std::size_t> found;
    for (std::size_t at = prompt.find(kWholePicture); at != prompt.npos; at = prompt.find(kWholePicture, at + 1))
      found.push_back(at);
    if (found.size() > 1)
      for (std::size_t i = found.size(); i-- > 0;) prompt.insert(found[i], "<image: " + std::to_string(i) + ">");
    return {std::move(prompt), true};
  }

 private:
  static constexpr const char* kWholePicture = "<|global_image|>";

  static ConnectorOptions options_of(const FamilyFiles& files) {
    const std::string subject = subject_of(files);
    const ConfigReader config(files.config, subject);
    if (config.boolean("vit_cls_flag", false)) config.fail("vit_cls_flag", "true is not supported");
    return {nanovlm_vision_config(files.config, subject),
            "model.vision_model",
            "model.connector.modality_projection.proj",
            "<|image|>",
            config.integer("mp_pixel_shuffle_factor", kShuffle, 4),
            false};
  }
};

class PaliGemmaImages : public ConnectorImages {
 public:
  PaliGemmaImages(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots)
      : ConnectorImages(read_image_processor_config(files.folder, "paligemma"), options_of(files), files.hidden_size, weights,
                        slots) {}

  // <bos> stands behind the last image, and a line end closes the prompt (transformers' PaliGemmaProcessor).
  PromptText complete(std::string prompt, const std::string& bos_token) const override {
    const std::size_t last = prompt.rfind(placeholder());
    const std::size_t behind = last == prompt.npos ? 0 : last + placeholder().size();
    return {prompt.substr(0, behind) + bos_token + prompt.substr(behind) + "\n", false};
  }

 private:
  static ConnectorOptions options_of(const FamilyFiles& files) {
    const Json absent = {{"model_type", "siglip_vision_model"},
                         {"intermediate_size", 4096},
                         {"hidden_size", 1152},
                         {"patch_size", 14},
                         {"image_size", 224},
                         {"num_hidden_layers", 27},
                         {"num_attention_heads", 16}};
    return {vision_config_of(files.config, absent, /*fixed_type=*/false, subject_of(files)),
            "model.vision_tower",
            "model.multi_modal_projector.linear",
            "<image>",
            1,
            true};
  }
};

}  // namespace

std::shared_ptr<const Modality> make_idefics3_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots) {
  return std::make_shared<Idefics3Images>(files, weights, slots);
}

std::shared_ptr<const Modality> make_nanovlm_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots) {
  return std::make_shared<NanoVlmImages>(files, weights, slots);
}

std::shared_ptr<const Modality> make_paligemma_images(const FamilyFiles& files, StateDict& weights, AdaptableMatrices& slots) {
  return std::make_shared<PaliGemmaImages>(files, weights, slots);
}

VisionConfig nanovlm_vision_config(const Json& config, const std::string& subject) {
  Json vision = {{"model_type", "siglip_vision_model"}};
  const std::pair<const char*, const char*> names[] = {
      {"vit_hidden_dim", "hidden_size"}, {"vit_inter_dim", "intermediate_size"}, {"vit_patch_size", "patch_size"},
      {"vit_img_size", "image_size"},    {"vit_n_heads", "num_attention_heads"}, {"vit_n_blocks", "num_hidden_layers"},
      {"vit_ln_eps", "layer_norm_eps"}};
  for (const auto& [from, to] : names)
    if (config.contains(from)) vision[to] = config[from];
  return parse_vision_config(ConfigReader(vision, subject), "siglip_vision_model");
}

}  // namespace zlens
