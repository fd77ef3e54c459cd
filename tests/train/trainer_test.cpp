#include "train/trainer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

#include "io/error.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "train/toy.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

class Trainer : public testing::Test {
 protected:
  static TrainOptions options() {
    TrainOptions out;
    out.steps = 6;
    out.prompts = 4;
    out.samples = 4;
    out.max_new_tokens = 6;
    out.validate_every = 3;
    out.checkpoint_every = 2;
    out.learning_rate = 0.05;
    out.schedule = "constant";
    return out;
  }

  // Trains from the start in `folder`; ends early after `stop_after` steps.
  Expert run(const TrainOptions& options, const fs::path& folder, std::int64_t stop_after = 1000, bool resume = false) {
    const auto trainable = make_trainable(toy_.factors, {});
    std::int64_t done = 0;
    TrainRun run{.folder = folder, .identity = {{"toy", true}}, .resume = resume};
    run.hooks.step = [&](std::int64_t step, std::int64_t) { done = step; };
    run.hooks.stop = [&] { return done >= stop_after; };
    result_ = train(*toy_.model, *trainable, {&train_, nullptr, &validation_, &reward_}, options, run);
    Expert out;
    trainable->store(out);
    return out;
  }

  // The log without times.
  static std::vector<Json> log(const fs::path& folder) {
    std::vector<Json> lines;
    const std::string text = read_text_file(folder / "log.jsonl", 1 << 20);
    for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
      Json line = parse_json(text.substr(begin, text.find('\n', begin) - begin), "log");
      std::vector<std::string> times;
      for (const auto& [key, value] : line.items())
        if (key.ends_with("_s")) times.push_back(key);
      for (const std::string& key : times) line.erase(key);
      lines.push_back(std::move(line));
    }
    return lines;
  }

  ToyModel toy_;
  ToyStream train_{6}, validation_{3};
  LateLetters reward_;
  TemporaryFolder folder_;
  TrainResult result_;
};

TEST_F(Trainer, ReinforcementRaisesTheReward) {
  TrainOptions more = options();
  more.steps = 12;
  more.kl = 0;
  run(more, folder_ / "rl");
  const auto lines = log(folder_ / "rl");
  EXPECT_GT(lines.back().at("score").get<double>(), result_.base_score + 0.1);
  EXPECT_EQ(lines.front().at("kind"), "config");
}

TEST_F(Trainer, DrawingAndTrainingComputeTheSameProbabilities) {
  run(options(), folder_ / "rl");
  for (const Json& line : log(folder_ / "rl"))
    if (line.at("kind") == "step") {
      EXPECT_LT(line.at("drift").get<double>(), 1e-4);
    }
}

TEST_F(Trainer, SupervisedLowersTheLoss) {
  TrainOptions sft = options();
  sft.objective = "sft";
  run(sft, folder_ / "sft");
  const auto lines = log(folder_ / "sft");
  std::vector<double> losses;
  for (const Json& line : lines)
    if (line.at("kind") == "step") losses.push_back(line.at("loss").get<double>());
  ASSERT_EQ(losses.size(), 6U);
  EXPECT_LT(losses.back(), losses.front());
}

class Resumed : public Trainer, public testing::WithParamInterface<std::tuple<const char*, bool, std::int64_t>> {};

TEST_P(Resumed, EndsWithTheSameBits) {
  const auto& [objective, answer_only, stop_after] = GetParam();
  TrainOptions wanted = options();
  wanted.objective = objective;
  wanted.answer_only = answer_only;
  wanted.warm_start = 2;
  wanted.warm_threshold = 0.5;
  const Expert whole = run(wanted, folder_ / "whole");
  run(wanted, folder_ / "parts", stop_after);
  EXPECT_TRUE(result_.interrupted);
  const Expert resumed = run(wanted, folder_ / "parts", 1000, /*resume=*/true);
  EXPECT_EQ(resumed.z, whole.z);
  EXPECT_EQ(log(folder_ / "parts"), log(folder_ / "whole"));
}

INSTANTIATE_TEST_SUITE_P(All, Resumed,
                         testing::Combine(testing::Values("rl", "sft"), testing::Bool(), testing::Values<std::int64_t>(1, 3, 4)));

TEST_F(Trainer, WorkBehindTheCheckpointIsDoneAgain) {
  const Expert whole = run(options(), folder_ / "whole");
  run(options(), folder_ / "torn", 3);  // a checkpoint of step 3
  const fs::path log_file = folder_ / "torn" / "log.jsonl";
  std::string text = read_text_file(log_file, 1 << 20);
  std::ofstream(log_file, std::ios::app) << R"({"kind":"step","step":4})"
                                         << "\n{\"kind\":";
  const Expert resumed = run(options(), folder_ / "torn", 1000, /*resume=*/true);
  EXPECT_EQ(resumed.z, whole.z);
  EXPECT_EQ(log(folder_ / "torn"), log(folder_ / "whole"));
}

TEST_F(Trainer, HalvesOfKilledTrainingsAreRemoved) {
  const fs::path half = folder_ / "run" / ".zlens-tmp-1-0";
  fs::create_directories(half.parent_path());
  std::ofstream(half) << "half a checkpoint";
  run(options(), half.parent_path(), 2);
  EXPECT_FALSE(fs::exists(half));
  std::ofstream(half) << "another half";
  run(options(), half.parent_path(), 1000, /*resume=*/true);
  EXPECT_FALSE(fs::exists(half));
}

// The paper's setting: one answer a prompt, whose worth the other prompts tell.
TEST_F(Trainer, ReinforceLearnsFromOneAnswerAPrompt) {
  TrainOptions one = options();
  one.algorithm = "reinforce";
  one.samples = 1;
  run(one, folder_ / "one");
  EXPECT_EQ(result_.steps, one.steps);
  for (const Json& line : log(folder_ / "one"))
    if (line.at("kind") == "step") {
      EXPECT_GT(line.at("signal").get<double>(), 0);
    }
  const NoReward nothing;
  const auto trainable = make_trainable(toy_.factors, {});
  EXPECT_THROW(
      train(*toy_.model, *trainable, {&train_, nullptr, nullptr, &nothing}, one, {.folder = folder_ / "no", .identity = {}}),
      InputError);
}

TEST_F(Trainer, RefusesToStartWithoutSignal) {
  const auto trainable = make_trainable(toy_.factors, {});
  const NoReward nothing;
  EXPECT_THROW(
      train(*toy_.model, *trainable, {&train_, nullptr, nullptr, &nothing}, options(), {.folder = folder_ / "no", .identity = {}}),
      InputError);
}

TEST_F(Trainer, RefusesWhatIsNotItsOwn) {
  run(options(), folder_ / "run", 2);
  EXPECT_THROW(run(options(), folder_ / "run"), InputError) << "without resume";
  const auto trainable = make_trainable(toy_.factors, {});
  EXPECT_THROW(train(*toy_.model, *trainable, {&train_, nullptr, &validation_, &reward_}, options(),
                     {.folder = folder_ / "run", .identity = {{"other", 1}}, .resume = true}),
               InputError);
  const fs::path checkpoint = folder_ / "run" / "checkpoint.safetensors";
  std::string bytes = read_text_file(checkpoint, 1 << 24);
  bytes[bytes.size() - 3] ^= 1;
  std::ofstream(checkpoint, std::ios::binary) << bytes;
  EXPECT_THROW(run(options(), folder_ / "run", 1000, true), InputError) << "a flipped bit";
}

TEST_F(Trainer, OptionsOutOfRangeAreRefused) {
  for (const auto& change : std::vector<std::function<void(TrainOptions&)>>{
           [](auto& o) { o.steps = 0; }, [](auto& o) { o.samples = 1; }, [](auto& o) { o.tries = 0; },
           [](auto& o) { o.objective = "dpo"; }, [](auto& o) { o.algorithm = "ppo"; }, [](auto& o) { o.learning_rate = 0; },
           [](auto& o) { o.temperature = 0; }, [](auto& o) { o.schedule = "linear"; }, [](auto& o) { o.kl = -1; }}) {
    TrainOptions wrong = options();
    change(wrong);
    EXPECT_THROW(run(wrong, folder_ / "wrong"), InputError);
  }
}

}  // namespace
}  // namespace zlens
