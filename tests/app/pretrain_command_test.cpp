// Pre-training from the command line: a model from nothing but its settings, and from another one's weights.
#include <gtest/gtest.h>

#include <algorithm>

#include "app/command_fixture.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "support/vlm_fixtures.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

class PretrainCommand : public CommandTest {
 protected:
  PretrainCommand() {
    fs::copy(kVlms / "llava-siglip", folder_ / "settings", fs::copy_options::recursive);
    for (const auto& entry : fs::directory_iterator(folder_ / "settings"))
      if (entry.path().extension() == ".safetensors") fs::remove(entry.path());
  }

  std::vector<std::string> pretrain(const std::string& out, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"train",
                                      "--method",
                                      "full",
                                      "--model",
                                      folder_ / "settings",
                                      "--out",
                                      folder_ / out,
                                      "--generate",
                                      "scene/color+shape,reading/word:2",
                                      "--inputs",
                                      "4",
                                      "--together",
                                      "2",
                                      "--threads",
                                      "1",
                                      "--steps",
                                      "3",
                                      "--validation-inputs",
                                      "2",
                                      "--validate-every",
                                      "3",
                                      "--max-new-tokens",
                                      "4"};
    // A flag that is given again replaces the first.
    for (std::size_t i = 0; i < more.size(); ++i) {
      const auto given = std::find(words.begin(), words.end(), more[i]);
      if (given != words.end() && i + 1 < more.size()) {
        *std::next(given) = more[++i];
      } else {
        words.push_back(more[i]);
      }
    }
    return words;
  }
};

TEST_F(PretrainCommand, MakesAModelFromItsSettings) {
  const Outcome made = zlens(pretrain("new", {"--from-scratch", "--text-share", "0.3"}));
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(zlens({"ask", "--model", folder_ / "new", "--image", kVlms / "wide.png", "--max-new-tokens", "2", "what?"}).exit_code,
            0);
  const Outcome again = zlens(pretrain("same", {"--from-scratch", "--text-share", "0.3"}));
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(read_text_file(folder_ / "new" / "model.safetensors"), read_text_file(folder_ / "same" / "model.safetensors"));

  const Outcome further = zlens(pretrain("further", {"--start-from", folder_ / "new", "--answer-weight", "0"}));
  ASSERT_EQ(further.exit_code, 0) << further.err;
  const std::string log = read_text_file(folder_ / "further.train" / "log.jsonl");
  EXPECT_NE(log.find("\"label_loss\""), log.npos);
}

TEST_F(PretrainCommand, DrawsATowerToEmbeddingsOfATextInThePatches) {
  const auto label_loss = [&](const std::string& out, std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--from-scratch", "--trained", "model.vision_tower", "--steps", "1", "--spelt-answers"});
    const Outcome made = zlens(pretrain(out, flags));
    EXPECT_EQ(made.exit_code, 0) << made.err;
    const std::string log = read_text_file(folder_ / (out + ".train") / "log.jsonl");
    const std::size_t line = log.find('\n') + 1;
    return parse_json(log.substr(line, log.find('\n', line) - line), out).at("label_loss").get<double>();
  };
  const double named = label_loss("named", {}), drawn = label_loss("drawn", {"--label-embeddings"}),
               once = label_loss("once", {"--label-embeddings", "--label-text"});
  EXPECT_GT(once, 0);
  EXPECT_NE(named, drawn);
  EXPECT_NE(once, drawn);
}

TEST_F(PretrainCommand, DrawsATowerToCodesThatWereLearnt) {
  const std::vector<std::string> learn{"--from-scratch", "--label-embeddings", "--label-text", "--spelt-answers", "--learn-codes"};
  const Outcome learnt = zlens(pretrain("codes", learn));
  ASSERT_EQ(learnt.exit_code, 0) << learnt.err;
  const std::vector<std::string> draw{"--from-scratch", "--trained", "model.vision_tower", "--label-codes", folder_ / "codes"};
  const Outcome drawn = zlens(pretrain("drawn", draw));
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_TRUE(fs::exists(folder_ / "drawn" / "model.safetensors"));
  expect_refused(pretrain("out", {"--from-scratch", "--learn-codes"}), "--label-embeddings");
  expect_refused(pretrain("out", {"--from-scratch", "--label-codes", folder_ / "drawn" / "model.safetensors"}),
                 "'classes' is missing");
}

TEST_F(PretrainCommand, TextsBesideAJoinedTower) {
  const Outcome made = zlens(pretrain("new", {"--from-scratch", "--trained", "model.vision_tower,model.multi_modal_projector",
                                              "--text-share", "0.5", "--together", "1"}));
  EXPECT_EQ(made.exit_code, 0) << made.err;
}

TEST_F(PretrainCommand, RefusesWhatCannotBeTrained) {
  expect_refused(pretrain("out", {}), "model.safetensors");
  expect_refused(pretrain("out", {"--from-scratch", "--generate", "nothing"}), "nothing");
  expect_refused(pretrain("out", {"--from-scratch", "--generate", "scene:0"}), "scene:0");
  expect_refused(pretrain("out", {"--from-scratch", "--generate", "scene/height"}), "height");
  expect_refused(pretrain("out", {"--from-scratch", "--trained", "model.nothing"}), "model.nothing");
  expect_refused(pretrain("out", {"--from-scratch", "--text-share", "1.0", "--trained", "model.vision_tower"}), "--text-share");
  expect_refused(pretrain("out", {"--from-scratch", "--text-share", "1.0", "--answer-weight", "0"}), "--answer-weight");
  expect_refused(pretrain("out", {"--from-scratch", "--method", "svf"}), "full");
  expect_refused(pretrain("settings", {"--from-scratch"}), "there already");
}

}  // namespace
}  // namespace zlens
