// What a checkpoint says about the preparation of its images. Free of torch.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vision/image_size.h"
#include "vision/resize.h"

namespace zlens {

// The image processors of transformers 5.23 by their class, and nanoVLM's own.
enum class ImageProcessorType { Clip, Llava, LlavaNext, Siglip, Idefics3, SmolVlm, NanoVlm };

// `size` of a processor: as in transformers, one of {height, width}, {shortest_edge}, {shortest_edge, longest_edge},
// {longest_edge}, {max_height, max_width}. 0: absent.
struct SizeRule {
  std::int64_t height = 0, width = 0;
  std::int64_t shortest_edge = 0, longest_edge = 0;
  std::int64_t max_height = 0, max_width = 0;
};

// Keys that decide how many positions of the prompt an image takes. Absent ones are not filled with transformers' defaults:
// where those differ from what the encoder yields, transformers fails, so the encoder's own numbers serve as well.
struct ImageTokenKeys {
  std::optional<std::int64_t> patch_size;                   // LLaVA, LLaVA-NeXT
  std::optional<std::int64_t> num_additional_image_tokens;  // LLaVA, LLaVA-NeXT: 1 for a class token
  std::optional<bool> drops_first_token;                    // vision_feature_select_strategy is "default" (not "full")
  std::optional<std::int64_t> image_seq_len;                // per view: Idefics3, SmolVLM, nanoVLM; per image: PaliGemma
};

struct ImageProcessorConfig {
  ImageProcessorType type = ImageProcessorType::Clip;
  bool do_resize = true;
  bool do_center_crop = false;
  bool do_rescale = true;
  bool do_normalize = true;
  bool do_pad = false;  // LLaVA: to a square in the mean's colour. Elsewhere padding concerns batches, which are not formed here
  SizeRule size;
  ImageSize crop_size;  // 0x0: absent
  double rescale_factor = 1.0 / 255;
  std::array<double, 3> image_mean{}, image_std{};
  std::vector<ImageSize> image_grid_pinpoints;  // LLaVA-NeXT
  bool do_image_splitting = false;              // Idefics3, SmolVLM
  std::int64_t tile_side = 0;                   // max_image_size of Idefics3 and SmolVLM, vit_img_size of nanoVLM
  bool resize_to_max_side = false;              // nanoVLM, whose max_img_size is size.longest_edge
  ImageTokenKeys tokens;
  ResizeMethod resize;
  std::string backend_reason;  // why this resize back end, for people
};

// The image processor of the checkpoint in `folder`: the `image_processor` object of processor_config.json if there is one,
// else preprocessor_config.json; token keys from processor_config.json. `model_type` is that of config.json and decides where
// the files name no processor; "nanovlm" reads nanoVLM's flat config.json instead. Missing keys take the defaults of
// transformers 5.23.
//
// Throws InputError, one line with file and key, for missing and damaged files, unknown processors, values of a wrong type and
// sizes and divisors outside their range. Thread-safe.
ImageProcessorConfig read_image_processor_config(const std::filesystem::path& folder, std::string_view model_type);

}  // namespace zlens
