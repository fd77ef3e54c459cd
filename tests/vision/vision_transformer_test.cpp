// Towers layer by layer against transformers (tests/fixtures/make_vlms.py).
#include "vision/vision_transformer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "io/error.h"
#include "modules/context.h"
#include "modules/state_dict.h"
#include "support/checkpoint.h"
#include "support/vlm_fixtures.h"
#include "vision/families.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

struct Tower {
  const char *folder, *name, *fallback_type;
};

class VisionTransformerTest : public testing::TestWithParam<Tower> {
 protected:
  fs::path folder() const { return kVlms / GetParam().folder; }
  VisionConfig config() const {
    const Json json = read_json_file(folder() / "config.json");
    Json vision = json.at("vision_config");
    vision["model_type"] = GetParam().fallback_type;
    return parse_vision_config(ConfigReader(vision, "config"), GetParam().fallback_type);
  }
  StateDict weights() const {
    const Json json = read_json_file(folder() / "config.json");
    return state_dict_from_checkpoint(folder(), at::kFloat, vision_families().find(json)->canonical_name);
  }
  at::Tensor run(const VisionTransformer::Outputs& outputs, const at::Tensor& pixels) const {
    StateDict all = weights();
    AdaptableMatrices matrices;
    const VisionTransformer tower(config(), outputs, all, GetParam().name, matrices);
    return tower.forward(pixels, Context{KvCache()});
  }
};

TEST_P(VisionTransformerTest, EveryHiddenState) {
  const auto golden = read_tensors((folder() / "golden.safetensors").string());
  const at::Tensor stored = golden.at("wide.pixel_values"), pixels = stored.reshape({-1, 3, stored.size(-2), stored.size(-1)});
  for (std::int64_t i = 0; i < config().num_hidden_layers; ++i) {
    const at::Tensor& expected = golden.at("tower." + std::to_string(i));
    EXPECT_LT(max_difference(run({.hidden_states = {i}}, pixels), expected), 1e-4) << i;
    EXPECT_LT(max_difference(run({.hidden_states = {i - config().num_hidden_layers - 1}}, pixels), expected), 1e-4)
        << "from the end";
  }
  EXPECT_EQ(run({.hidden_states = {0, 1}}, pixels).size(-1), 2 * config().hidden_size) << "side by side";
  if (!config().class_token) {
    EXPECT_LT(max_difference(run({.hidden_states = {}, .normed = true}, pixels), golden.at("tower.last")), 1e-4);
  }
}

TEST_P(VisionTransformerTest, SmallerPicturesTakePositionsByBucket) {
  if (!config().any_size) GTEST_SKIP() << "takes one size";
  const auto golden = read_tensors((folder() / "golden.safetensors").string());
  const at::Tensor pixels = golden.at("wide.pixel_values")[0].slice(2, 0, 21).slice(3, 0, 14);
  EXPECT_LT(max_difference(run({.hidden_states = {}, .normed = true}, pixels), golden.at("tower.smaller")), 1e-4);
}

TEST_P(VisionTransformerTest, ViewsTogetherAreViewsAlone) {
  const std::int64_t side = config().image_size;
  const at::Tensor pixels = at::linspace(-1, 1, 3 * 3 * side * side).reshape({3, 3, side, side});
  const at::Tensor together = run({.hidden_states = {-1}}, pixels);
  for (std::int64_t n = 0; n < 3; ++n)
    EXPECT_LT(max_difference(together.slice(0, n, n + 1), run({.hidden_states = {-1}}, pixels.slice(0, n, n + 1))), 1e-5);
}

TEST_P(VisionTransformerTest, OtherSizesAndLayersAreRefused) {
  const std::int64_t side = config().image_size;
  EXPECT_THROW(run({.hidden_states = {-1}}, at::zeros({1, 3, side * 2, side})), InputError);
  EXPECT_THROW(run({.hidden_states = {config().num_hidden_layers + 1}}, at::zeros({1, 3, side, side})), InputError);
  EXPECT_THROW(run({.hidden_states = {-config().num_hidden_layers - 2}}, at::zeros({1, 3, side, side})), InputError);
  const at::Tensor smaller = at::zeros({1, 3, side - config().patch_size, side});
  if (config().any_size) {
    EXPECT_EQ(run({.hidden_states = {-1}}, smaller).size(1), config().grid() * (config().grid() - 1));
  } else {
    EXPECT_THROW(run({.hidden_states = {-1}}, smaller), InputError);
  }
}

INSTANTIATE_TEST_SUITE_P(Towers, VisionTransformerTest,
                         testing::Values(Tower{"llava", "model.vision_tower", "clip_vision_model"},
                                         Tower{"llava-siglip", "model.vision_tower", "siglip_vision_model"},
                                         Tower{"idefics3", "model.vision_model", "idefics3_vision"},
                                         Tower{"smolvlm", "model.vision_model", "smolvlm_vision"},
                                         Tower{"paligemma", "model.vision_tower", "siglip_vision_model"}));

}  // namespace
}  // namespace zlens
