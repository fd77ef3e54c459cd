#include "eval/training_page.h"

#include <gtest/gtest.h>

#include "io/error.h"
#include "tests/eval/page_checks.h"

namespace zlens {
namespace {

using test::contains;
using test::count;

constexpr const char* kConfig = R"({"kind":"config","task":"receipts","name":"document","lr":0.002,"adam":{"beta":0.9}})";
constexpr const char* kStep1 =
    R"({"kind":"step","step":1,"reward":0.25,"loss":-0.1,"kl":0.001,"lr":0.002,"grad_norm":0.7,"tokens":900,"signal":0.5,"rollout_s":8.5})";
constexpr const char* kStep2 = R"({"kind":"step","step":2,"reward":0.5,"loss":null})";
constexpr const char* kFirst =
    R"({"kind":"validation","step":0,"score":0.2,"base_score":0.2,"by_field":{"total":0.1},"best":true})";
constexpr const char* kBest =
    R"({"kind":"validation","step":2,"score":0.6,"base_score":0.2,"by_field":{"total":0.7,"date":0.5},"best":true})";

class Training : public testing::Test {
 protected:
  std::filesystem::path log(const std::string& name, const std::vector<std::string>& lines, const std::string& tail = "") const {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    test::write(folder_ / name, text + tail);
    return folder_ / name;
  }
  TrainingLog whole(const std::string& name = "a.jsonl") const {
    return read_training_log(log(name, {kConfig, kFirst, kStep1, kStep2, kBest}));
  }
  test::TemporaryFolder folder_;
};

TEST_F(Training, ReadsALog) {
  const TrainingLog read = whole();
  EXPECT_EQ(read.name, "document");
  EXPECT_EQ(read.task, "receipts");
  ASSERT_EQ(read.steps.size(), 2u);
  EXPECT_EQ(read.steps.at(1).at("reward"), 0.25);
  EXPECT_FALSE(read.steps.at(1).contains("rollout_s"));
  EXPECT_FALSE(read.steps.at(2).contains("loss")) << "null is no number";
  ASSERT_EQ(read.validations.size(), 2u);
  EXPECT_EQ(read.validations[1].by_field.at("date"), 0.5);
  EXPECT_EQ(best_validation(read)->step, 2);
}

TEST_F(Training, AResumedRunsLaterLinesCountAndATornOneDoesNot) {
  const std::string again = R"({"kind":"step","step":1,"reward":0.75})";
  const TrainingLog read = read_training_log(
      log("a.jsonl", {kConfig, kStep1, kStep2, kConfig, again, R"({"kind":"note","text":"resumed"})"}, R"({"kind":"step","st)"));
  EXPECT_EQ(read.steps.at(1).at("reward"), 0.75);
  EXPECT_EQ(read.steps.size(), 2u);
  EXPECT_EQ(best_validation(read), nullptr);
}

TEST_F(Training, TheLastMarkedBestWins) {
  const auto line = [](int step, double score, bool best) {
    return Json({{"kind", "validation"}, {"step", step}, {"score", score}, {"best", best}}).dump();
  };
  EXPECT_EQ(
      best_validation(read_training_log(log("a", {kConfig, line(0, 0.1, true), line(5, 0.4, true), line(9, 0.3, false)})))->step,
      5);
  EXPECT_EQ(
      best_validation(read_training_log(log("b", {kConfig, line(0, 0.1, false), line(5, 0.4, false), line(9, 0.3, false)})))->step,
      5);
  EXPECT_EQ(read_training_log(log("c.jsonl", {R"({"kind":"config"})"})).name, "c");
}

TEST_F(Training, DamagedLogsAreRefusedByLine) {
  const std::vector<std::vector<std::string>> bad = {{},
                                                     {"{"},
                                                     {"[]"},
                                                     {kStep1},
                                                     {kConfig, "{\"kind\":\"step\"}"},
                                                     {kConfig, R"({"kind":"step","step":1.5})"},
                                                     {kConfig, R"({"kind":"validation","step":1})"},
                                                     {kConfig, R"({"kind":"validation","step":1,"score":"1"})"},
                                                     {kConfig, R"({"kind":"validation","step":1,"score":1,"by_field":[]})"},
                                                     {kConfig, R"({"kind":"step","step":1,"reward":1e999})"}};
  for (const auto& lines : bad) {
    const std::string message = test::message_of<InputError>([&] { read_training_log(log("bad.jsonl", lines)); });
    EXPECT_TRUE(contains(message, "bad.jsonl: line " + std::to_string(std::max<std::size_t>(lines.size(), 1)))) << message;
  }
  EXPECT_THROW(read_training_log(folder_ / "absent"), InputError);
}

TEST_F(Training, OnePanelForEachTaskWithTheBase) {
  TrainingLog other = whole(), second = whole();
  other.task = "charts";
  second.name = "another seed";
  const std::string page = render_training({whole(), other, second});
  test::expect_self_contained(page);
  EXPECT_EQ(count(page, "<section class=\"panel\">"), 2u);
  EXPECT_EQ(count(page, "<h3>receipts</h3>"), 1u);
  EXPECT_EQ(count(page, "<h3>document <span class=\"soft\">charts</span></h3>"), 1u);
  EXPECT_EQ(count(page, "class=\"base\""), 4u) << "line and sample, equal bases drawn once";
  for (const char* text : {">another seed<", "+0.4000", ">training reward<", "KL to the base", "adam.beta", ">0.7000<"})
    EXPECT_TRUE(contains(page, text)) << text;
}

TEST_F(Training, LogsOfOtherDataHaveTheirOwnPanel) {
  TrainingLog first = whole(), second = whole();
  first.config["data_sha256"] = "00";
  second.config["data_sha256"] = "11";
  EXPECT_EQ(count(render_training({first, second}), "<section class=\"panel\">"), 2u);
}

TEST_F(Training, ImitatedStepsHaveNoReward) {
  const TrainingLog read = read_training_log(log(
      "a.safetensors.train/log.jsonl", {R"({"kind":"config","flags":{"task":"docvqa"}})",
                                        R"({"kind":"step","step":1,"phase":"warm","reward":0,"kl":0,"signal":0,"loss":2.5})",
                                        R"({"kind":"step","step":2,"phase":"rl","reward":0.5,"kl":0.1,"signal":1,"loss":0.5})"}));
  EXPECT_EQ(read.name, "a");
  EXPECT_EQ(read.task, "docvqa");
  EXPECT_EQ(read.imitated, 1);
  EXPECT_EQ(read.steps.at(1), (std::map<std::string, double>{{"loss", 2.5}}));
  EXPECT_EQ(read.steps.at(2).size(), 4u);
  EXPECT_TRUE(contains(render_training({read}), "1 of the steps imitate answers"));
}

TEST_F(Training, WithoutRewardsEveryFieldHasItsLine) {
  const TrainingLog pretrained = read_training_log(
      log("a.jsonl", {kConfig, R"({"kind":"step","step":1,"phase":"pretrain","loss":2.5,"label_loss":1.5})", kFirst, kBest}));
  const std::string svg = training_chart({&pretrained});
  test::expect_well_formed(svg);
  for (const char* color : {"c1", "c2"}) EXPECT_EQ(count(svg, "<g class=\"series " + std::string(color)), 1u) << "date and total";
  EXPECT_TRUE(contains(render_training({pretrained}), "loss of the labels"));
  const TrainingLog rewarded = whole();
  EXPECT_EQ(count(training_chart({&rewarded}), "<g class=\"series c1"), 0u) << "rewards tell enough";
}

TEST_F(Training, BasesThatDifferHaveTheirLogsColours) {
  TrainingLog second = whole();
  for (Validation& validation : second.validations) validation.base_score = 0.3;
  const TrainingLog first = whole();
  const std::string svg = training_chart({&first, &second});
  test::expect_well_formed(svg);
  EXPECT_EQ(count(svg, "class=\"base c0\""), 1u);
  EXPECT_EQ(count(svg, "class=\"base c1\""), 1u);
}

TEST_F(Training, ManyStepsAreDrawnAsMeans) {
  TrainingLog read = whole();
  for (int step = 1; step <= 1500; ++step) read.steps[step] = {{"reward", step % 2}};
  const std::string svg = training_chart({&read});
  const std::size_t path = svg.find("plot faint\" d=");
  EXPECT_EQ(count(std::string_view(svg).substr(path, svg.find("/>", path) - path), "L"), 149u);
  EXPECT_TRUE(contains(render_training({read}), "mean of up to 10 steps"));
}

TEST_F(Training, AnEmptyLogAndStrangeTextStillMakeAPage) {
  TrainingLog empty;
  empty.name = empty.task = std::string(test::kEvil);
  empty.config = {{std::string(test::kEvil), std::string(test::kEvil)}};
  Validation validation;
  validation.by_field = {{std::string(test::kEvil), 1}};
  TrainingLog odd = empty;
  odd.validations = {validation};
  test::expect_self_contained(render_training({empty, odd}));
}

}  // namespace
}  // namespace zlens
