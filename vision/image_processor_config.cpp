#include "vision/image_processor_config.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "io/error.h"
#include "io/regular_file.h"
#include "modules/config_reader.h"

namespace zlens {
namespace {

constexpr IntegerRange kSide = {1, 16'384};
constexpr std::array<double, 3> kClipMean = {0.48145466, 0.4578275, 0.40821073}, kClipStd = {0.26862954, 0.26130258, 0.27577711};
constexpr std::array<double, 3> kHalves = {0.5, 0.5, 0.5};

// What transformers' class takes where the file is silent.
ImageProcessorConfig class_defaults(ImageProcessorType type) {
  ImageProcessorConfig config;
  config.type = type;
  switch (type) {
    case ImageProcessorType::Siglip:
      config.size = {.height = 224, .width = 224};
      break;
    case ImageProcessorType::Idefics3:
    case ImageProcessorType::SmolVlm:
      config.size = {.longest_edge = 4 * 364};
      config.tile_side = 364;
      config.do_image_splitting = true;
      config.resize.filter = Resampler::Lanczos;
      break;
    case ImageProcessorType::LlavaNext:
      config.image_grid_pinpoints = {{336, 672}, {672, 336}, {672, 672}, {1008, 336}, {336, 1008}};
      [[fallthrough]];
    default:
      config.size = {.shortest_edge = 224};
      config.crop_size = {224, 224};
      config.do_center_crop = true;
  }
  const bool clip_colours = config.do_center_crop;
  config.image_mean = clip_colours ? kClipMean : kHalves;
  config.image_std = clip_colours ? kClipStd : kHalves;
  return config;
}

bool cuts_idefics_tiles(ImageProcessorType type) {
  return type == ImageProcessorType::Idefics3 || type == ImageProcessorType::SmolVlm;
}

std::string without_suffix(std::string text, std::string_view suffix) {
  if (text.ends_with(suffix)) text.resize(text.size() - suffix.size());
  return text;
}

struct NamedType {
  std::string_view name;
  ImageProcessorType type;
};

constexpr NamedType kClasses[] = {
    {"CLIP", ImageProcessorType::Clip},           {"Llava", ImageProcessorType::Llava},
    {"LlavaNext", ImageProcessorType::LlavaNext}, {"Siglip", ImageProcessorType::Siglip},
    {"Idefics3", ImageProcessorType::Idefics3},   {"SmolVLM", ImageProcessorType::SmolVlm},
};
constexpr NamedType kModelTypes[] = {
    {"clip", ImageProcessorType::Clip},
    {"llava", ImageProcessorType::Llava},
    {"llava_next", ImageProcessorType::LlavaNext},
    {"siglip", ImageProcessorType::Siglip},
    {"paligemma", ImageProcessorType::Siglip},
    {"idefics3", ImageProcessorType::Idefics3},
    {"smolvlm", ImageProcessorType::SmolVlm},
};

// "CLIPImageProcessorFast" and the old "CLIPFeatureExtractor" name the same class.
ImageProcessorType processor_type(const ConfigReader& reader, std::string_view model_type) {
  const char* key = reader.has("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
  if (!reader.has(key)) {
    for (const NamedType& known : kModelTypes) {
      if (known.name == model_type) return known.type;
    }
    reader.fail("image_processor_type", "is missing, and no image processor is known for model_type \"" + printable(model_type) +
                                            "\" (name one, for example CLIPImageProcessor)");
  }
  const std::string name = reader.string(key);
  std::string stem = without_suffix(without_suffix(name, "Fast"), "Pil");
  stem = without_suffix(without_suffix(stem, "ImageProcessor"), "FeatureExtractor");
  for (const NamedType& known : kClasses) {
    if (known.name == stem) return known.type;
  }
  std::string accepted;
  for (const NamedType& known : kClasses) accepted += (accepted.empty() ? "" : ", ") + std::string(known.name) + "ImageProcessor";
  reader.fail(key, "is \"" + printable(name) + "\" (accepted: " + accepted + ")");
}

// --- sizes ---

SizeRule size_from_object(const ConfigReader& parent, const char* key) {
  const ConfigReader object = parent.child(key);
  SizeRule rule;
  const std::pair<const char*, std::int64_t*> fields[] = {{"height", &rule.height},
                                                          {"width", &rule.width},
                                                          {"shortest_edge", &rule.shortest_edge},
                                                          {"longest_edge", &rule.longest_edge},
                                                          {"max_height", &rule.max_height},
                                                          {"max_width", &rule.max_width}};
  for (const auto& [name, value] : fields) *value = object.has(name) ? object.integer(name, kSide) : 0;
  for (const auto& [name, value] : object.json().items()) {
    const auto names_it = [&](const auto& field) { return field.first == std::string_view(name); };
    if (!value.is_null() && std::none_of(std::begin(fields), std::end(fields), names_it)) {
      object.fail(printable(name),
                  "is not a way to name a size (accepted: height and width, an edge, or max_height and max_width)");
    }
  }
  const bool exact = rule.height || rule.width, edges = rule.shortest_edge || rule.longest_edge,
             within = rule.max_height || rule.max_width;
  if (exact + edges + within != 1 || (exact && !(rule.height && rule.width)) || (within && !(rule.max_height && rule.max_width)))
    parent.fail(key, "must hold height and width, or shortest_edge and/or longest_edge, or max_height and max_width");
  return rule;
}

// An object, [height, width], or one number: a square, or the shortest edge.
SizeRule read_size(const ConfigReader& reader, const char* key, bool number_is_square) {
  const Json& value = reader.json()[key];
  if (value.is_object()) return size_from_object(reader, key);
  const std::vector<std::int64_t> numbers = reader.integers(key, kSide);
  if (value.is_array()) {
    if (numbers.size() != 2) reader.fail(key, "must list height and width, got " + std::to_string(numbers.size()) + " numbers");
    return {.height = numbers[0], .width = numbers[1]};
  }
  if (number_is_square) return {.height = numbers[0], .width = numbers[0]};
  return {.shortest_edge = numbers[0]};
}

void check_size_rule(const ConfigReader& reader, const ImageProcessorConfig& config) {
  const SizeRule& size = config.size;
  if (cuts_idefics_tiles(config.type)) {
    if (!size.longest_edge && !size.height) reader.fail("size", "must hold longest_edge, or height and width");
    return;
  }
  if (size.longest_edge && !size.shortest_edge) reader.fail("size", "with longest_edge needs shortest_edge too");
  if (config.type == ImageProcessorType::LlavaNext && !size.height && !size.shortest_edge)
    reader.fail("size", "must hold height and width, or shortest_edge");
}

void read_sizes(const ConfigReader& reader, ImageProcessorConfig& config) {
  const bool number_is_square = reader.boolean("default_to_square", cuts_idefics_tiles(config.type));
  if (reader.has("size")) config.size = read_size(reader, "size", number_is_square);
  check_size_rule(reader, config);
  if (!cuts_idefics_tiles(config.type)) config.do_center_crop = reader.boolean("do_center_crop", config.do_center_crop);
  if (reader.has("crop_size")) {
    const SizeRule crop = read_size(reader, "crop_size", true);
    if (config.do_center_crop && !crop.height) reader.fail("crop_size", "must hold height and width");
    config.crop_size = {crop.height, crop.width};
  }
  if (config.do_center_crop && config.crop_size == ImageSize{})
    reader.fail("crop_size", "is missing, but do_center_crop is true (height and width)");
}

// --- colours ---

struct NumberRange {
  double min, max;
};

// Three numbers, or one for all channels.
std::array<double, 3> three_numbers(const ConfigReader& reader, const char* key, NumberRange range,
                                    std::array<double, 3> fallback) {
  if (!reader.has(key)) return fallback;
  const Json& value = reader.json()[key];
  const Json list = value.is_array() ? value : Json::array({value, value, value});
  if (list.size() != 3) reader.fail(key, "must list 3 numbers, got " + std::to_string(list.size()));
  std::array<double, 3> numbers{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double number = list[i].is_number() ? list[i].get<double>() : std::nan("");
    if (!(number >= range.min && number <= range.max)) {
      reader.fail(key, "holds " + printable(list[i].dump(-1, ' ', false, Json::error_handler_t::replace), 60) +
                           " (accepted: " + Json(range.min).dump() + " to " + Json(range.max).dump() + ")");
    }
    numbers[i] = number;
  }
  return numbers;
}

void read_colours(const ConfigReader& reader, ImageProcessorConfig& config) {
  config.do_rescale = reader.boolean("do_rescale", config.do_rescale);
  config.do_normalize = reader.boolean("do_normalize", config.do_normalize);
  config.rescale_factor = reader.number("rescale_factor", 1e-9, 1e6, config.rescale_factor);
  // The colour that pads to a square is this mean times 255.
  const NumberRange means = config.do_pad ? NumberRange{0, 1} : NumberRange{-1e3, 1e3};
  config.image_mean = three_numbers(reader, "image_mean", means, config.image_mean);
  config.image_std = three_numbers(reader, "image_std", {1e-6, 1e6}, config.image_std);
}

// --- what belongs to a family ---

void read_pinpoints(const ConfigReader& reader, ImageProcessorConfig& config) {
  const char* key = "image_grid_pinpoints";
  if (!reader.has(key)) return;
  const Json& list = reader.json()[key];
  if (!list.is_array() || list.empty() || list.size() > 1000) reader.fail(key, "must list 1 to 1000 pairs of height and width");
  config.image_grid_pinpoints.clear();
  for (const Json& entry : list) {
    const Json pair = {{"pair", entry}};
    const auto sides = ConfigReader(pair, reader.subject() + ": " + key).integers("pair", kSide);
    if (!entry.is_array() || sides.size() != 2) reader.fail(key, "must list pairs of height and width");
    config.image_grid_pinpoints.push_back({sides[0], sides[1]});
  }
}

void read_tiles(const ConfigReader& reader, ImageProcessorConfig& config) {
  config.do_image_splitting = reader.boolean("do_image_splitting", config.do_image_splitting);
  if (reader.has("max_image_size")) config.tile_side = reader.child("max_image_size").integer("longest_edge", kSide);
}

void read_padding(const ConfigReader& reader, ImageProcessorConfig& config) {
  const bool do_pad = reader.boolean("do_pad", false);
  config.do_pad = do_pad && config.type == ImageProcessorType::Llava;
  const bool pads_to_size = config.type == ImageProcessorType::Clip || config.type == ImageProcessorType::Siglip;
  if (do_pad && pads_to_size && reader.has("pad_size")) reader.fail("pad_size", "is not supported with this processor (remove it)");
}

void choose_backend(const ConfigReader& reader, ImageProcessorConfig& config) {
  const auto number = reader.integer("resample", {0, 5}, static_cast<std::int64_t>(config.resize.filter));
  config.resize.filter = static_cast<Resampler>(number);
  const bool lacking = config.resize.filter == Resampler::Box || config.resize.filter == Resampler::Hamming;
  config.resize.backend = lacking ? ResizeBackend::Pillow : ResizeBackend::Torchvision;
  config.backend_reason = lacking ? "resample " + std::to_string(number) + " is a filter that torchvision lacks"
                                  : "transformers 5 resizes with torchvision";
}

ImageTokenKeys read_token_keys(const ConfigReader& image, const ConfigReader& processor) {
  const IntegerRange count = {1, 65'536};
  ImageTokenKeys keys;
  if (processor.has("patch_size")) keys.patch_size = processor.integer("patch_size", kSide);
  if (processor.has("num_additional_image_tokens"))
    keys.num_additional_image_tokens = processor.integer("num_additional_image_tokens", {0, 1024});
  if (processor.has("vision_feature_select_strategy")) {
    const std::string strategy = processor.string("vision_feature_select_strategy");
    if (strategy != "default" && strategy != "full")
      processor.fail("vision_feature_select_strategy", "is \"" + printable(strategy) + "\" (accepted: default, full)");
    keys.drops_first_token = strategy == "default";
  }
  if (processor.has("image_seq_len")) keys.image_seq_len = processor.integer("image_seq_len", count);
  if (processor.has("image_seq_length")) keys.image_seq_len = processor.integer("image_seq_length", count);
  if (image.has("image_seq_length")) keys.image_seq_len = image.integer("image_seq_length", count);
  return keys;
}

ImageProcessorConfig read_nano_vlm(const std::filesystem::path& file) {
  const Json json = read_json_file(file);
  const ConfigReader reader(json, file.string());
  ImageProcessorConfig config;
  config.type = ImageProcessorType::NanoVlm;
  config.tile_side = reader.integer("vit_img_size", kSide, 512);
  config.size.longest_edge = reader.integer("max_img_size", kSide, 2048);
  config.resize_to_max_side = reader.boolean("resize_to_max_side_len", false);
  config.do_normalize = false;
  config.tokens.image_seq_len = reader.integer("mp_image_token_length", {1, 65'536}, 64);
  config.resize = {Resampler::Bicubic, ResizeBackend::Pillow};
  config.backend_reason = "nanoVLM resizes with Pillow";
  return config;
}

ImageProcessorConfig read_transformers(const ConfigReader& image, const ConfigReader& processor, std::string_view model_type) {
  ImageProcessorConfig config = class_defaults(processor_type(image, model_type));
  config.do_resize = image.boolean("do_resize", config.do_resize);
  read_padding(image, config);
  read_sizes(image, config);
  read_colours(image, config);
  if (config.type == ImageProcessorType::LlavaNext) read_pinpoints(image, config);
  if (cuts_idefics_tiles(config.type)) read_tiles(image, config);
  choose_backend(image, config);
  config.tokens = read_token_keys(image, processor);
  return config;
}

Json object_or_empty(const std::filesystem::path& file) {
  return has_regular_file(file) ? read_json_file(file) : Json::object();
}

}  // namespace

ImageProcessorConfig read_image_processor_config(const std::filesystem::path& folder, std::string_view model_type) {
  if (model_type == "nanovlm") return read_nano_vlm(folder / "config.json");
  const std::filesystem::path processor_file = folder / "processor_config.json", image_file = folder / "preprocessor_config.json";
  const Json processor = object_or_empty(processor_file);
  const ConfigReader processor_reader(processor, processor_file.string());
  if (processor_reader.has("image_processor"))
    return read_transformers(processor_reader.child("image_processor"), processor_reader, model_type);
  if (!has_regular_file(image_file)) {
    throw InputError(folder.string() +
                     ": no preprocessor_config.json, and no image_processor in processor_config.json; copy it "
                     "from the published checkpoint");
  }
  const Json image = read_json_file(image_file);
  return read_transformers(ConfigReader(image, image_file.string()), processor_reader, model_type);
}

}  // namespace zlens
