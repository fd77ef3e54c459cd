// Generated data from the command line, and what an evaluation makes of it.
#include <gtest/gtest.h>

#include <filesystem>

#include "app/command_fixture.h"
#include "io/json.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

class SynthCommand : public CommandTest {
 protected:
  std::vector<std::string> synth(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"synth", "--kind", "math", "--count", "8", "--split", "test", "--out", folder_ / out};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::vector<std::string> eval(const std::string& data, const std::string& attach) const {
    return {"eval",          "--model",  model(),        "--attach",         attach, "--task",
            "jsonl",         "--data",   folder_ / data, "--split",          "test", "--out",
            folder_ / "run", "--prompt", "math-text",    "--max-new-tokens", "4",    "--no-report"};
  }
};

TEST_F(SynthCommand, TextsAloneCanBeEvaluated) {
  const Outcome outcome = zlens(synth("data"));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, (folder_ / "data/test.jsonl").string() + ": 8 samples\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "data/images"));
  const Outcome run = zlens(eval("data", "transcript"));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const Json summary = read_json_file(folder_ / "run/summary.json");
  EXPECT_EQ(summary.at("samples"), 8);
  EXPECT_EQ(summary.at("failed"), 0);
}

TEST_F(SynthCommand, EqualSeedsGiveEqualFilesPicturesIncluded) {
  for (const char* out : {"a", "b"}) {
    const Outcome outcome =
        zlens({"synth", "--kind", "mixed", "--count", "6", "--split", "test", "--images", "--out", folder_ / out});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "a")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const auto other = folder_ / "b" / std::filesystem::relative(entry.path(), folder_ / "a");
    EXPECT_EQ(read_text_file(entry.path()), read_text_file(other)) << other;
  }
  EXPECT_EQ(files, 1 + 6 + 6);
  const Outcome other =
      zlens({"synth", "--kind", "mixed", "--count", "6", "--split", "test", "--seed", "9", "--out", folder_ / "c"});
  ASSERT_EQ(other.exit_code, 0) << other.err;
  EXPECT_NE(read_text_file(folder_ / "a/test.jsonl"), read_text_file(folder_ / "c/test.jsonl"));
}

TEST_F(SynthCommand, SmallPicturesOfChosenFields) {
  const Outcome outcome = zlens({"synth", "--kind", "small-math", "--fields", "equation,addition", "--count", "20", "--split",
                                 "test", "--images", "--out", folder_ / "small"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::string records = read_text_file(folder_ / "small/test.jsonl");
  EXPECT_NE(records.find("\"field\":\"equation\""), std::string::npos);
  EXPECT_NE(records.find("\"field\":\"addition\""), std::string::npos);
  EXPECT_EQ(records.find("\"field\":\"division\""), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "small/images/small-math-test-000019.png"));
  expect_refused({"synth", "--kind", "small-math", "--fields", "sums", "--count", "3", "--out", folder_ / "x"},
                 "by name alone: equation");
}

TEST_F(SynthCommand, OptionalFontsAreListed) {
  const Outcome outcome = zlens({"synth", "--list-fonts"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(outcome.out.starts_with("fonts-"));
  EXPECT_NE(outcome.out.find("\nfonts-paratype\n"), std::string::npos);
}

TEST_F(SynthCommand, TillReceiptsAreWrittenWithoutPictures) {
  const Outcome outcome = zlens({"synth", "--kind", "till", "--count", "3", "--split", "val", "--out", folder_ / "tills"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, (folder_ / "tills/val.jsonl").string() + ": 9 samples\n");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "tills/transcripts/till-val-000002.txt"));
  expect_refused({"synth", "--kind", "till", "--count", "3", "--images", "--out", folder_ / "x"}, "no pictures");
  expect_refused({"synth", "--kind", "till", "--out", folder_ / "x"}, "--count");
  expect_refused({"synth", "--kind", "till", "--count", "3", "--split", "test", "--out", folder_ / "x"}, "train and val");
  expect_refused({"synth", "--kind", "till", "--split", "val", "--from", folder_ / "nowhere", "--out", folder_ / "x"},
                 "train.json");
  expect_refused({"synth", "--kind", "till", "--count", "3", "--from-share", "2", "--out", folder_ / "x"}, "0 to 1");
  expect_refused(synth("x", {"--from", folder_ / "nowhere"}), "--kind till");
}

TEST_F(SynthCommand, BadArgumentsAreRefused) {
  expect_refused({"synth", "--count", "3", "--out", folder_ / "x"}, "--kind");
  expect_refused({"synth", "--kind", "math", "--out", folder_ / "x"}, "--count");
  expect_refused({"synth", "--kind", "math", "--count", "3"}, "--out");
  expect_refused(synth("x", {"--values", "everywhere"}), "readable, marks, off");
  expect_refused(synth("x", {"--chart", "radar"}), "grouped-bar");
  expect_refused(synth("x", {"--layout", "\x1b[2J"}), "sentence");
  expect_refused(synth("x", {"--exercises", "99"}), "99 exercises");
  expect_refused(synth("x", {"--exercises", "-1"}), "exercises");
  expect_refused(synth("x", {"--word-share", "nan"}), "word problems");
  expect_refused(synth("x", {"--word-share", "2"}), "word problems");
  expect_refused({"synth", "--kind", "../math", "--count", "3", "--out", folder_ / "x"}, "receipt-table");
  expect_refused({"synth", "--kind", "math", "--count", "0", "--out", folder_ / "x"}, "0 samples");
  expect_refused({"synth", "--kind", "math", "--count", "-5", "--out", folder_ / "x"}, "-5");
  expect_refused({"synth", "--kind", "math", "--count", "99999999999999999999", "--out", folder_ / "x"}, "count");
  expect_refused({"synth", "--kind", "math", "--count", "3", "--split", "../up", "--out", folder_ / "x"}, "train, val, test");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x/test.jsonl"));
  write("occupied", "a file");
  expect_refused(synth("occupied"), "occupied");
  ASSERT_EQ(zlens(synth("once")).exit_code, 0);
  expect_refused(synth("once"), "is there already");
}

}  // namespace
}  // namespace zlens
