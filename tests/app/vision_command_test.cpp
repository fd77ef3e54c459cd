// The command on vision-language checkpoints: answers, and one clear line with exit code 2 for what cannot be used.
#include <gtest/gtest.h>

#include "app/command_fixture.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "support/checkpoint.h"
#include "support/vlm_fixtures.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

class VisionCommand : public CommandTest {
 protected:
  VisionCommand() { fs::copy(kVlms / "idefics3", vlm(), fs::copy_options::recursive); }
  fs::path vlm() const { return folder_ / "vlm"; }
  std::vector<std::string> ask(const fs::path& image) const {
    return {"ask", "--model", vlm(), "--dtype", "fp32", "--image", image, "--max-new-tokens", "4", "what?"};
  }
  void edit(const char* file, const std::function<void(Json&)>& change) {
    Json json = read_json_file(kVlms / "idefics3" / file);
    change(json);
    write(std::string("vlm/") + file, json.dump());
  }
};

TEST_F(VisionCommand, AnswersAboutPictures) {
  const Outcome one = zlens(ask(kVlms / "wide.png"));
  ASSERT_EQ(one.exit_code, 0) << one.err;
  EXPECT_FALSE(one.out.empty());
  auto two = ask(kVlms / "wide.png");
  two.insert(two.end(), {"--image", (kVlms / "tall.png").string()});
  EXPECT_EQ(zlens(two).exit_code, 0);
  const Outcome shown = zlens({"models", "show", vlm(), "--json"});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_EQ(parse_json(shown.out, "card").at("model_type"), "idefics3");
}

TEST_F(VisionCommand, WhereNoModelIsNamedTheShippedOneAnswersAndSaysSo) {
  fs::create_directories(folder_ / "assets");
  fs::copy(vlm(), folder_ / "assets" / "tiny-vlm", fs::copy_options::recursive);
  const ProcessOptions shipped{.environment = {"ZLENS_ASSETS=" + (folder_ / "assets").string()}};
  const std::string picture = kVlms / "wide.png";
  const Outcome unnamed = zlens({"ask", "--image", picture, "--max-new-tokens", "4", "what?"}, shipped);
  ASSERT_EQ(unnamed.exit_code, 0) << unnamed.err;
  EXPECT_NE(unnamed.err.find("tiny-vlm answers"), std::string::npos) << unnamed.err;
  const Outcome named = zlens({"ask", "--model", vlm(), "--image", picture, "--max-new-tokens", "4", "what?"}, shipped);
  EXPECT_EQ(named.out, unnamed.out);
  EXPECT_EQ(named.err, "");
  EXPECT_EQ(zlens({"ask", "what?"}, shipped).exit_code, 2) << "without a picture there is nothing to see";
  EXPECT_EQ(zlens({"ask", "--attach", "ocr", "--image", picture, "what?"}, shipped).exit_code, 2) << "it does not read through OCR";
}

TEST_F(VisionCommand, EveryDtypeAnswers) {
  for (const char* dtype : {"bf16", "fp16"}) {
    auto arguments = ask(kVlms / "tall.png");
    arguments[4] = dtype;
    const Outcome outcome = zlens(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << dtype << outcome.err;
  }
}

TEST_F(VisionCommand, LogitsHoldEveryStage) {
  const Outcome outcome = zlens({"logits", "--model", vlm(), "--raw", "--prompt", "<image>what?", "--image", kVlms / "tall.png",
                                 "--out", folder_ / "l.safetensors"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto written = read_tensors((folder_ / "l.safetensors").string());
  for (const char* name : {"input_ids", "pixel_values", "image_features", "logits"}) EXPECT_TRUE(written.contains(name)) << name;
}

TEST_F(VisionCommand, BadPicturesAreRefused) {
  const std::string png = read_text_file(kVlms / "wide.png", 1 << 20);
  write("torn.png", png.substr(0, png.size() / 2));
  write("text.png", "no picture");
  for (const char* name : {"torn.png", "text.png", "nowhere.png"}) expect_refused(ask(folder_ / name), name);
}

TEST_F(VisionCommand, NumbersOfPicturesMustFit) {
  expect_refused(
      {"logits", "--model", vlm(), "--raw", "--prompt", "what?", "--image", kVlms / "tall.png", "--out", folder_ / "l.safetensors"},
      "fewer");
  expect_refused({"logits", "--model", vlm(), "--raw", "--prompt", "<image><image>", "--image", kVlms / "tall.png", "--out",
                  folder_ / "l.safetensors"},
                 "more");
}

TEST_F(VisionCommand, DamagedCheckpointsAreRefused) {
  edit("config.json", [](Json& config) { config["vision_config"]["hidden_size"] = 32; });
  expect_refused(ask(kVlms / "tall.png"), "do not fit the config");
  edit("config.json", [](Json& config) { config["scale_factor"] = 0; });
  expect_refused(ask(kVlms / "tall.png"), "scale_factor");
  edit("config.json", [](Json& config) { config["scale_factor"] = 3; });
  expect_refused(ask(kVlms / "tall.png"), "");
  edit("config.json", [](Json& config) { config["model_type"] = "unknown_vlm"; });
  expect_refused(ask(kVlms / "tall.png"), "unknown_vlm");
  edit("config.json", [](Json&) {});
  edit("processor_config.json", [](Json& config) { config["image_seq_len"] = 5; });
  expect_refused(ask(kVlms / "tall.png"), "image tokens");
  edit("processor_config.json", [](Json& config) { config["image_processor"]["image_std"] = {0.5, 0, 0.5}; });
  expect_refused(ask(kVlms / "tall.png"), "image_std");
  edit("processor_config.json", [](Json&) {});
  write("vlm/model.safetensors.index.json",
        R"({"metadata": {}, "weight_map": {"lm_head.weight": "model-00001-of-00002.safetensors"}})");
  fs::remove(vlm() / "model.safetensors");
  expect_refused(ask(kVlms / "tall.png"), "model-00001-of-00002.safetensors");
}

}  // namespace
}  // namespace zlens
