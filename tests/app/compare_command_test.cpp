// Comparisons and reports from the command line, of runs that are written here.
#include <gtest/gtest.h>

#include "app/command_fixture.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "tests/eval/compared_runs.h"

namespace zlens {
namespace {

class CompareCommand : public CommandTest {
 protected:
  CompareCommand() {
    test::write_run(folder_ / "a", test::scored_run("a", {1, 0, 0.5, 0, 1, 0.4}));
    test::write_run(folder_ / "b", test::scored_run("b", {1, 1, 1, 0, 0, 0.6}));
  }
};

TEST_F(CompareCommand, PrintsTheTable) {
  const Outcome outcome = zlens({"compare", folder_ / "a", folder_ / "b"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  for (const char* text : {"fake test, anls: 6 samples on 3 images", "95 % interval", "+0.1167", "Greatest gains of B", "a says 1"})
    EXPECT_NE(outcome.out.find(text), std::string::npos) << text << " in\n" << outcome.out;
  const Outcome bare = zlens({"compare", folder_ / "a", folder_ / "b", "--by", "none", "--show", "0", "--cluster", "none"});
  EXPECT_EQ(bare.out.find("Greatest"), std::string::npos);
  EXPECT_EQ(bare.out.find("images"), std::string::npos);
}

TEST_F(CompareCommand, PrintsJson) {
  const Outcome outcome = zlens({"compare", folder_ / "a", folder_ / "b", folder_ / "a", "--json"});
  const Json json = parse_json(outcome.out, "comparison");
  EXPECT_NEAR(json.at("groups").at(0).at("differences").at(0).at("mean").get<double>(), 0.7 / 6, 1e-12);
  EXPECT_EQ(json.at("groups").at(0).at("differences").at(1).at("p"), 1);
  EXPECT_EQ(json.at("runs").size(), 3u);
}

TEST_F(CompareCommand, GroupsComeFromAFile) {
  write("groups.json", R"({"s0": "seen", "s1": "unseen", "s2": "unseen"})");
  const Outcome outcome = zlens({"compare", folder_ / "a", folder_ / "b", "--by", folder_ / "groups.json", "--json"});
  EXPECT_EQ(parse_json(outcome.out, "comparison").at("groups").at(2).at("name"), "unseen");
  for (const char* bad : {"[]", "{}", R"({"s0": 1})", "{"}) {
    write("groups.json", bad);
    expect_refused({"compare", folder_ / "a", folder_ / "b", "--by", folder_ / "groups.json"}, "groups.json");
  }
}

TEST_F(CompareCommand, MissingSamplesAreSaidAndGiveExitCodeOne) {
  auto b = test::scored_run("b", {1, 1, 1, 0});
  test::write_run(folder_ / "b", b);
  const Outcome outcome = zlens({"compare", folder_ / "a", folder_ / "b"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.out.find("4 samples"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.err.find("2 in " + (folder_ / "b").string()), std::string::npos) << outcome.err;
}

TEST_F(CompareCommand, WritesAPage) {
  const Outcome outcome = zlens({"compare", folder_ / "a", folder_ / "b", "--html", folder_ / "page.html"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(read_text_file(folder_ / "page.html").find("Greatest gains of B"), std::string::npos);
  expect_refused({"compare", folder_ / "a", folder_ / "b", "--html", folder_ / "absent/page.html"}, "absent/page.html", 1);
}

TEST_F(CompareCommand, ReportDrawsTrainingLogs) {
  write("a.jsonl", "{\"kind\":\"config\",\"task\":\"x\"}\n{\"kind\":\"step\",\"step\":1,\"reward\":0.5}\n");
  write("b.jsonl", "{\"kind\":\"config\",\"task\":\"y\"}\n");
  const std::string a = folder_ / "a.jsonl", b = folder_ / "b.jsonl";
  EXPECT_EQ(zlens({"report", "--training", a, b, "--out", folder_ / "t.html"}).exit_code, 0);
  EXPECT_NE(read_text_file(folder_ / "t.html").find(">training reward<"), std::string::npos);
  EXPECT_EQ(zlens({"report", "--training", a, "--out", folder_ / "t.svg"}).exit_code, 0);
  EXPECT_TRUE(read_text_file(folder_ / "t.svg").starts_with("<svg "));
  expect_refused({"report", "--training", a, b, "--out", folder_ / "t.svg"}, "one task");
  expect_refused({"report", "--training", a, "--out", folder_ / "t.png"}, ".svg");
  expect_refused({"report", "--training", a}, "--out");
  expect_refused({"report", folder_ / "a", "--out", folder_ / "t.html"}, "--training");
}

TEST_F(CompareCommand, ReportWritesTheConfusionMatrix) {
  expect_refused({"report", folder_ / "a", "--confusion", folder_ / "c.md"}, "no mixes");
  auto run = test::scored_run("a", {1, 0});
  for (SampleRecord& record : run.records) record.mix = {{{"expert", record.field}, {"weight", 1}}};
  test::write_run(folder_ / "a", run);
  EXPECT_EQ(zlens({"report", folder_ / "a", "--confusion", folder_ / "c.md"}).exit_code, 0);
  EXPECT_NE(read_text_file(folder_ / "c.md").find("2 of 2 right"), std::string::npos);
  EXPECT_EQ(zlens({"report", folder_ / "a", "--confusion", folder_ / "c.svg"}).exit_code, 0);
  EXPECT_TRUE(read_text_file(folder_ / "c.svg").starts_with("<svg "));
  expect_refused({"report", folder_ / "a", "--confusion", folder_ / "c.pdf"}, ".svg or .md");
}

TEST_F(CompareCommand, WrongUsageIsRefused) {
  expect_refused({"compare"}, "two or more");
  expect_refused({"compare", folder_ / "a"}, "not 1");
  expect_refused({"compare", folder_ / "a", folder_ / "absent"}, "absent");
  expect_refused({"compare", folder_ / "a", folder_ / "b", "--cluster", "page"}, "page");
  expect_refused({"compare", folder_ / "a", folder_ / "b", "--resamples", "3"}, "resamples");
  expect_refused({"compare", folder_ / "a", folder_ / "b", "--show", "-1"}, "--show");
  write("b/samples.jsonl", "{\"id\": \n");
  expect_refused({"compare", folder_ / "a", folder_ / "b"}, "damaged record at byte 0");
}

}  // namespace
}  // namespace zlens
