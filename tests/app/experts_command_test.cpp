#include <gtest/gtest.h>

#include <fstream>

#include "app/command_fixture.h"
#include "experts/base_hash.h"
#include "experts/expert.h"
#include "io/json.h"
#include "support/model_folder.h"
#include "support/vlm_fixtures.h"
#include "text/model.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

class ExpertsCommand : public CommandTest {
 protected:
  ExpertsCommand() {
    const auto loaded = LanguageModel::load(model(), {.dtype = at::kFloat});
    base_ = base_hash(*loaded, folder_ / "hash-cache");
    for (const AdaptableMatrix& matrix : loaded->matrices())
      ranks_[matrix.name] = static_cast<std::size_t>(std::min(matrix.weight.size(0), matrix.weight.size(1)));
  }

  // An expert file of this model whose z is `z` throughout.
  std::string put(const std::string& name, float z, const std::string& base = "") const {
    Expert expert;
    expert.name = name;
    expert.description = "about " + name;
    expert.base = base.empty() ? base_ : base;
    expert.record = {
        {"task", "docvqa"}, {"method", "svf"}, {"training", R"({"base_score": 0.25, "best_score": 0.75, "steps": 3})"}};
    for (const auto& [matrix, rank] : ranks_) expert.z[matrix] = std::vector<float>(rank, z);
    fs::create_directories(folder_ / "experts");
    const std::string path = folder_ / "experts" / (name + ".safetensors");
    write_expert(path, expert);
    return path;
  }

  std::string run(const std::vector<std::string>& words, int code = 0) const {
    std::vector<std::string> command = {"experts"};
    command.insert(command.end(), words.begin(), words.end());
    const Outcome outcome = zlens(command);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    return outcome.out;
  }
  std::string path(const std::string& name) const { return folder_ / name; }

  std::string base_;
  std::map<std::string, std::size_t> ranks_;
};

TEST_F(ExpertsCommand, ListSaysWhatThereIsAndWhatFits) {
  put("mine", 1.5F);
  put("foreign", 1.5F, std::string(64, 'b'));
  write("experts/broken.safetensors", "nonsense");
  const Outcome outcome = zlens({"experts", "list", "--experts", path("experts"), "--model", model()});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("broken.safetensors"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.out.find("0.250 → 0.750"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("another"), std::string::npos) << outcome.out;
  const Json listed = Json::parse(run({"list", "--experts", path("experts"), "--model", model(), "--json"}));
  ASSERT_GE(listed.size(), 3U);
  for (const Json& entry : listed) EXPECT_EQ(entry.value("fits", false), entry.value("name", "") == "mine") << entry;
}

TEST_F(ExpertsCommand, ShowMeasuresAndDraws) {
  const std::string file = put("mine", 1.5F);
  const Json alone = Json::parse(run({"show", file, "--json"}));
  EXPECT_EQ(alone["name"], "mine");
  EXPECT_EQ(alone["matrices"].size(), ranks_.size());
  EXPECT_FALSE(alone["matrices"][0].contains("relative"));
  const Json known =
      Json::parse(run({"show", "mine", "--experts", path("experts"), "--model", model(), "--json", "--html", path("page.html")}));
  for (const Json& matrix : known["matrices"]) EXPECT_NEAR(matrix["relative"].get<double>(), 0.5, 1e-4) << "S (1.5 - 1) / S";
  std::ifstream page(path("page.html"));
  const std::string html{std::istreambuf_iterator<char>(page), {}};
  EXPECT_NE(html.find("down_proj"), std::string::npos);
  EXPECT_NE(html.find("about mine"), std::string::npos);
  EXPECT_EQ(html.find("http://"), std::string::npos) << "nothing from outside";
  EXPECT_EQ(html.find("https://"), std::string::npos);
  EXPECT_NE(run({"show", file}).find("mlp.down_proj"), std::string::npos);
}

TEST_F(ExpertsCommand, VerifyTellsGoodFromBad) {
  const std::string good = put("good", 1.1F), foreign = put("foreign", 1.1F, std::string(64, 'b'));
  EXPECT_NE(run({"verify", good, foreign}).find("ok      " + good), std::string::npos);
  EXPECT_NE(run({"verify", "--model", model(), good, foreign}, 1).find("failed"), std::string::npos);
  std::string bytes;
  {
    std::ifstream in(good, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  write("experts/flipped.safetensors", bytes);
  EXPECT_NE(run({"verify", path("experts/flipped.safetensors")}, 1).find("checksum"), std::string::npos);
  expect_refused({"experts", "verify"}, "nothing to verify");
}

TEST_F(ExpertsCommand, MergeWritesOneExpert) {
  const std::string a = put("a", 1.5F), b = put("b", 0.75F);
  run({"merge", a + ":0.5", b + ":2", "--out", path("ab.safetensors"), "--description", "both"});
  const Expert merged = read_expert(path("ab.safetensors"));
  EXPECT_EQ(merged.name, "ab");
  EXPECT_EQ(merged.description, "both");
  EXPECT_FLOAT_EQ(merged.z.begin()->second[0], 1 + 0.5F * 0.5F - 2 * 0.25F);
  EXPECT_EQ(merged.z.size(), ranks_.size());
  run({"merge", "a:1", "b", "--experts", path("experts"), "--model", model(), "--out", path("names.safetensors")});
  expect_refused({"experts", "merge", a, "--out", path("ab.safetensors")}, "exists already");
  expect_refused({"experts", "merge", a + ":x", "--out", path("c.safetensors")}, "FILE:WEIGHT");
  expect_refused({"experts", "merge", a, put("f", 1.5F, std::string(64, 'b')), "--out", path("c.safetensors")}, "made for base");
  expect_refused({"experts", "merge", "a", "--out", path("c.safetensors")}, "--model");
}

TEST_F(ExpertsCommand, ImportExportTransfer) {
  const std::string torch = std::string(ZLENS_FIXTURES) + "/torch/", peft = std::string(ZLENS_FIXTURES) + "/peft/";
  run({"import", torch + "positional.pt", "--model", model(), "--out", path("ref.safetensors"), "--name", "math"});
  EXPECT_EQ(read_expert(path("ref.safetensors")).name, "math");
  run({"export", path("ref.safetensors"), "--model", model(), "--out", path("merged"), "--dtype", "fp32"});
  EXPECT_EQ(zlens({"models", "show", path("merged")}).exit_code, 0);
  run({"import", peft + "plain", "--model", model(), "--out", path("lora.safetensors")});
  run({"export", path("lora.safetensors"), "--model", model(), "--out", path("adapter"), "--format", "peft"});
  EXPECT_TRUE(fs::exists(path("adapter/adapter_model.safetensors")));
  const Json report = Json::parse(run({"transfer", path("ref.safetensors"), "--model", model(), "--to", path("merged"), "--out",
                                       path("moved.safetensors"), "--min-alignment", "0", "--json"}));
  EXPECT_EQ(report["matrices"].size(), read_expert(path("ref.safetensors")).z.size());
  EXPECT_EQ(run({"verify", "--model", path("merged"), path("moved.safetensors")}).substr(0, 2), "ok");

  expect_refused({"experts", "import", peft + "dora", "--model", model(), "--out", path("x.safetensors")}, "use_dora");
  expect_refused({"experts", "import", torch + "legacy.pt", "--model", model(), "--out", path("x.safetensors")},
                 "before version 1.6");
  expect_refused({"experts", "import", torch + "mixed.pt", "--model", model(), "--out", path("x.safetensors")}, "names no matrix");
  expect_refused({"experts", "export", path("ref.safetensors"), "--model", model(), "--out", path("y"), "--format", "peft"},
                 "no LoRA expert");
  expect_refused({"experts", "export", path("ref.safetensors"), "--model", model(), "--out", path("merged")}, "exists already");
  expect_refused({"experts", "export", path("ref.safetensors"), "--model", path("merged"), "--out", path("y")}, "made for base");
  EXPECT_FALSE(fs::exists(path("x.safetensors")));
  EXPECT_FALSE(fs::exists(path("y")));
}

TEST_F(ExpertsCommand, TransferToADriftedBaseIsRefused) {
  const std::string file = put("mine", 1.5F);
  fs::create_directories(path("other"));
  write_model_folder("llama3", path("other"), [](const std::string& name, const at::Tensor& weight) {
    return name.find("layers") == std::string::npos ? weight : at::randn_like(weight);
  });
  const Outcome outcome =
      zlens({"experts", "transfer", file, "--model", model(), "--to", path("other"), "--out", path("moved.safetensors")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("drifted apart"), std::string::npos) << outcome.err;
  EXPECT_FALSE(fs::exists(path("moved.safetensors")));
}

TEST_F(ExpertsCommand, TransferToAModelThatBorrowsTheBase) {
  Json config = read_json_file(kVlms / "llava-siglip" / "config.json");
  config.erase("text_config");
  config["zlens_language_model"] = model();
  write("settings/config.json", config.dump());
  fs::copy_file(kVlms / "llava-siglip" / "processor_config.json", path("settings/processor_config.json"));
  const Outcome made = zlens({"train",
                              "--method",
                              "full",
                              "--model",
                              path("settings"),
                              "--out",
                              path("borrower"),
                              "--from-scratch",
                              "--generate",
                              "scene/color",
                              "--answer-weight",
                              "0",
                              "--trained",
                              "model.vision_tower,model.multi_modal_projector",
                              "--steps",
                              "1",
                              "--inputs",
                              "1",
                              "--validate-every",
                              "0",
                              "--validation-inputs",
                              "1",
                              "--threads",
                              "1"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Json report = Json::parse(run(
      {"transfer", put("mine", 1.5F), "--model", model(), "--to", path("borrower"), "--out", path("moved.safetensors"), "--json"}));
  EXPECT_NEAR(report["alignment"].get<double>(), 1, 1e-3) << "the decoder is the very same";
  EXPECT_EQ(run({"verify", "--model", path("borrower"), path("moved.safetensors")}).substr(0, 2), "ok");
  EXPECT_EQ(zlens({"models", "show", path("borrower")}).exit_code, 0);
}

TEST_F(ExpertsCommand, WrongUsage) {
  expect_refused({"experts", "frobnicate"}, "unknown verb");
  expect_refused({"experts", "show"}, "--file is missing");
  expect_refused({"experts", "show", path("absent.safetensors")}, "absent.safetensors");
  expect_refused({"experts", "export", "x", "--out", path("y"), "--format", "zip"}, "known: hf, peft");
  expect_refused({"experts", "list", "--experts", path("absent")}, "no folder");
  EXPECT_EQ(zlens({"experts"}).exit_code, 2);
  EXPECT_NE(run({"--help"}).find("transfer"), std::string::npos);
  EXPECT_NE(run({"merge", "--help"}).find("--out"), std::string::npos);
}

}  // namespace
}  // namespace zlens
