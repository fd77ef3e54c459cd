// Few-shot mixes from the command line.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "app/command_fixture.h"
#include "io/json.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

class AdaptCommand : public CommandTest {
 protected:
  void SetUp() override {
    const Outcome made = zlens({"synth", "--kind", "math", "--count", "12", "--split", "train", "--out", folder_ / "math"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    const Outcome trained = zlens(on_math("train", {"--objective", "sft", "--steps", "2", "--prompts", "2", "--validation-split",
                                                    "none", "--out", folder_ / "experts/math.safetensors"}));
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }

  std::vector<std::string> on_math(const std::string& command, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {command,     "--model",    model(),  "--dtype", "fp32",   "--threads",      "1",
                                      "--attach",  "transcript", "--task", "jsonl",   "--data", folder_ / "math", "--prompt",
                                      "math-text", "--split",    "train"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  std::vector<std::string> adapt(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {
        "--experts", folder_ / "experts", "--shots", "3",     "--selection",       "2", "--population", "2", "--rounds",
        "1",         "--max-new-tokens",  "3",       "--out", folder_ / "mix.json"};
    words.insert(words.end(), more.begin(), more.end());
    return on_math("adapt", words);
  }

  Json mix() const { return parse_json(read_text_file(folder_ / "mix.json"), "mix.json"); }
};

TEST_F(AdaptCommand, WritesAMixThatAnswersAndLeavesItsSamplesOut) {
  const Outcome outcome = zlens(adapt());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("selection: base "), std::string::npos) << outcome.out;
  const Json found = mix();
  const Json& record = found.at("record");
  EXPECT_EQ(record.at("shots").size(), 3U);
  EXPECT_EQ(record.at("selection").size(), 2U);
  EXPECT_EQ(record.at("rounds").size(), 1U);
  const Outcome run = zlens(on_math("eval", {"--expert", folder_ / "mix.json", "--experts", folder_ / "experts", "--exclude",
                                             folder_ / "mix.json", "--max-new-tokens", "2", "--out", folder_ / "run"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(parse_json(read_text_file(folder_ / "run/summary.json"), "summary").at("samples"), 7);
}

TEST_F(AdaptCommand, CandidatesAreComputedInTheFormThatIsAskedFor) {
  for (const char* form : {"delta", "factored", "merged"}) {
    ASSERT_EQ(zlens(adapt({"--form", form})).exit_code, 0);
    EXPECT_EQ(mix().at("record").at("form"), form);
  }
  expect_refused(adapt({"--form", "dense"}), "dense");
}

// What is left of a receipt's questions serves neither side, nor an evaluation.
TEST_F(AdaptCommand, AnInputIsMetOnOneSideOnly) {
  std::string lines;
  for (int i = 0; i < 24; ++i) {
    const std::string receipt = std::to_string(i / 3);
    write("receipts/transcripts/" + receipt + ".txt", "SHOP " + receipt);
    lines += Json({{"id", receipt + "-" + std::to_string(i % 3)},
                   {"question", "What is the total?"},
                   {"images", {receipt + ".png"}},
                   {"answers", {receipt}}})
                 .dump() +
             "\n";
  }
  write("receipts/train.jsonl", lines);
  const auto on_receipts = [&](const std::string& shots, const std::string& selection) {
    std::vector<std::string> words = adapt();
    std::replace(words.begin(), words.end(), (folder_ / "math").string(), (folder_ / "receipts").string());
    *(std::find(words.begin(), words.end(), "--shots") + 1) = shots;
    *(std::find(words.begin(), words.end(), "--selection") + 1) = selection;
    return words;
  };
  const Outcome outcome = zlens(on_receipts("4", "2"));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json record = mix().at("record");
  std::map<std::string, std::string> side;  // of a receipt
  for (const char* list : {"shots", "selection"})
    for (const Json& id : record.at(list)) {
      const std::string name = id.get<std::string>(), receipt = name.substr(0, name.find('-'));
      EXPECT_EQ(side.emplace(receipt, list).first->second, list) << name;
    }
  EXPECT_EQ(record.at("shots").size() + record.at("selection").size() + record.at("unused").size(), 3 * side.size());
  expect_refused(on_receipts("22", "2"), "different inputs");
}

TEST_F(AdaptCommand, ExpertsAreThoseOfTheFolderAndNoClassifier) {
  const Outcome made = zlens(on_math("train", {"--objective", "sft", "--steps", "1", "--prompts", "2", "--validation-split", "none",
                                               "--out", folder_ / "data/zlens/experts/elsewhere.safetensors"}));
  ASSERT_EQ(made.exit_code, 0) << made.err;
  setenv("XDG_DATA_HOME", (folder_ / "data").c_str(), 1);
  const Outcome router = zlens(train_router("math=" + (folder_ / "math").string(), {"--steps", "1", "--prompts", "2"}));
  ASSERT_EQ(router.exit_code, 0) << router.err;
  const Outcome outcome = zlens(adapt());
  unsetenv("XDG_DATA_HOME");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const Json& part : mix().at("experts")) EXPECT_EQ(part.at("expert"), "math");
}

TEST_F(AdaptCommand, TooFewSamplesAreRefused) {
  expect_refused(
      on_math("adapt", {"--experts", folder_ / "experts", "--shots", "11", "--selection", "2", "--out", folder_ / "mix.json"}),
      "fewer than shots and selection need");
}

}  // namespace
}  // namespace zlens
