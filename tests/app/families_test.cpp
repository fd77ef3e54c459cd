// Every published vision-language family: names and shapes of all tensors, without weights. Folders from
// tests/fixtures/make_families.py.
#include "vision/families.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "io/error.h"
#include "modules/state_dict.h"
#include "text/decoder.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(ZLENS_FIXTURES) / "families";

std::vector<std::string> published() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(kFolder)) out.push_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

// Builds a model of a folder from names and shapes alone.
class Built {
 public:
  Built(const fs::path& folder, const Json& config, const Json& tensors) {
    const FamilyRegistry families = vision_families();
    const ModelFamily* family = families.find(config);
    if (!family) throw InputError("no family");
    StateDict weights(folder.string(), at::kBFloat16);
    weights.set_device(at::kMeta);
    for (const auto& [name, shape] : tensors.items()) {
      const std::string canonical = family->canonical_name(name);
      const auto sizes = shape.get<std::vector<std::int64_t>>();
      if (!canonical.empty())
        weights.add(canonical, sizes,
                    [sizes](at::ScalarType dtype) { return at::empty(sizes, at::TensorOptions(dtype).device(at::kMeta)); });
    }
    if (family->unfuse) family->unfuse(config, weights);
    const DecoderConfig decoder = parse_decoder_config(family->decoder_config(config, "config.json"), "config.json");
    decoder_ = std::make_unique<Decoder>(decoder, weights, matrices, family->decoder_name);
    decoder_matrices = matrices.size();
    images = family->build({folder, config, decoder.hidden_size}, weights, matrices);
    weights.finish();
  }

  AdaptableMatrices matrices;
  std::size_t decoder_matrices = 0;
  std::shared_ptr<const Modality> images;

 private:
  std::unique_ptr<const Decoder> decoder_;
};

class Families : public testing::TestWithParam<std::string> {
 protected:
  fs::path folder() const { return kFolder / GetParam(); }
  Json config() const { return read_json_file(folder() / "config.json"); }
  Json tensors() const { return read_json_file(folder() / "tensors.json"); }
};

TEST_P(Families, EveryTensorIsTakenInItsShape) {
  const Built built(folder(), config(), tensors());
  EXPECT_GT(built.decoder_matrices, 0U);
  EXPECT_GT(built.matrices.size(), built.decoder_matrices) << "tower and projector are adaptable, too";
}

// As published files had them before transformers 5.
TEST_P(Families, OldNamesAreTheSameTensors) {
  Json old = Json::object();
  const Json all = tensors();
  for (const auto& [name, shape] : all.items()) {
    std::string renamed = name;
    const auto swap = [&](const std::string& from, const std::string& to) {
      if (renamed.starts_with(from)) renamed = to + renamed.substr(from.size());
    };
    if (GetParam().starts_with("llava") || GetParam().starts_with("paligemma")) {
      if (renamed.starts_with("lm_head.")) renamed = "language_model." + renamed;
      swap("model.language_model.", "language_model.model.");
      swap("model.vision_tower.", "vision_tower.vision_model.");
      swap("model.multi_modal_projector.", "multi_modal_projector.");
      swap("model.image_newline", "image_newline");
    }
    old[renamed] = shape;
  }
  const Built built(folder(), config(), all), from_old(folder(), config(), old);
  ASSERT_EQ(from_old.matrices.size(), built.matrices.size());
  for (std::size_t i = 0; i < built.matrices.size(); ++i) EXPECT_EQ(from_old.matrices[i].name, built.matrices[i].name);
}

TEST_P(Families, WhatLacksOrIsMisshapenIsNamed) {
  const auto refused = [&](const Json& changed) -> std::string {
    try {
      Built(folder(), config(), changed);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  std::size_t number = 0;
  const Json all = tensors();
  for (const auto& [name, shape] : all.items()) {
    if (number++ % 97 != 0 || name.ends_with("inv_freq")) continue;  // a handful of them
    Json changed = all;
    changed.erase(name);
    const std::string unused = refused(changed);
    changed[name] = shape.get<std::vector<std::int64_t>>();
    changed[name].push_back(2);
    const std::string misshapen = refused(changed);
    // Layers that are not used may lack.
    if (unused.empty()) continue;
    EXPECT_NE(unused.find("missing"), unused.npos) << unused;
    EXPECT_NE(misshapen.find("shape"), misshapen.npos) << misshapen;
  }
  Json more = all;
  more["model.text_model.layers.0.extra.weight"] = {2, 2};
  EXPECT_NE(refused(more).find("unexpected"), std::string::npos);
}

// Every number that is used as a size or a divisor, set to 0, -1, a huge one and something else.
TEST_P(Families, BadSizesInAConfigAreRefusedByName) {
  const Json whole = config();
  std::vector<std::string> paths = {""};
  for (const char* part : {"text_config", "vision_config"})
    if (whole.contains(part)) paths.emplace_back(std::string("/") + part);
  const std::set<std::string> sizes = {"hidden_size",
                                       "intermediate_size",
                                       "num_hidden_layers",
                                       "num_attention_heads",
                                       "num_key_value_heads",
                                       "head_dim",
                                       "vocab_size",
                                       "image_size",
                                       "patch_size",
                                       "scale_factor",
                                       "max_position_embeddings",
                                       "vit_hidden_dim",
                                       "vit_patch_size",
                                       "vit_img_size",
                                       "vit_n_heads",
                                       "vit_n_blocks",
                                       "lm_hidden_dim",
                                       "lm_n_heads",
                                       "lm_n_kv_heads",
                                       "lm_n_blocks",
                                       "lm_vocab_size",
                                       "vit_inter_dim",
                                       "lm_inter_dim",
                                       "mp_pixel_shuffle_factor",
                                       "rms_norm_eps",
                                       "lm_rms_eps"};
  for (const std::string& path : paths)
    for (const auto& [key, value] : whole.at(Json::json_pointer(path)).items()) {
      if (!sizes.contains(key) || (path == "" && whole.contains("text_config") && key != "scale_factor")) continue;
      if (path == "/vision_config" && key == "vocab_size") continue;
      for (const Json& bad : {Json(0), Json(-1), Json(std::int64_t{1} << 62), Json("x"), Json(1e300)}) {
        Json changed = whole;
        changed[Json::json_pointer(path + "/" + key)] = bad;
        EXPECT_THROW(Built(folder(), changed, tensors()), InputError) << path << "/" << key << " " << bad;
      }
    }
}

TEST_P(Families, UnknownPartsAreRefusedByName) {
  if (!GetParam().starts_with("llava")) GTEST_SKIP() << "has no such keys";
  for (const char* key : {"projector_hidden_act", "vision_feature_select_strategy", "vision_feature_layer"}) {
    Json changed = config();
    changed[key] = "unknown";
    EXPECT_THROW(Built(folder(), changed, tensors()), InputError) << key;
  }
  Json changed = config();
  changed["vision_config"]["model_type"] = "unknown_tower";
  EXPECT_THROW(Built(folder(), changed, tensors()), InputError);
  changed = config();
  changed["vision_config"]["hidden_act"] = "unknown";
  EXPECT_THROW(Built(folder(), changed, tensors()), InputError);
}

INSTANTIATE_TEST_SUITE_P(Published, Families, testing::ValuesIn(published()), [](const auto& param) {
  std::string name = param.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

TEST(FamilyRegistry, ListsEveryFamilyOnce) {
  FamilyRegistry families = vision_families();
  std::set<std::string> tested;
  for (const std::string& name : published())
    tested.insert(families.find(read_json_file(kFolder / name / "config.json"))->model_type);
  for (const ModelFamily& family : families.all())
    EXPECT_TRUE(tested.contains(family.model_type)) << family.model_type << " has no folder";
  EXPECT_THROW(families.add(families.all().front()), InputError);
  EXPECT_EQ(families.find(Json{{"model_type", "llama"}}), nullptr);
  EXPECT_EQ(families.find(Json::array()), nullptr);
}

}  // namespace
}  // namespace zlens
