// Whole models under training: gradients of every weight, batches, runs that are interrupted.
#include "train/pretrain.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "io/error.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "support/temporary_folder.h"
#include "train/initial_weights.h"
#include "train/live_weights.h"
#include "train/sample_tree.h"
#include "vision/families.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(ZLENS_FIXTURES) / "vlms";

std::shared_ptr<const LanguageModel> load(const std::string& name, Parameters* made = nullptr) {
  const FamilyRegistry families = vision_families();
  LoadOptions options{.dtype = at::kFloat, .families = &families};
  if (made)
    options.make_weight = [made](const std::string& weight, at::IntArrayRef shape) {
      return (*made)[weight] = initial_weight(weight, shape, 3);
    };
  return LanguageModel::load(kFolder / name, options);
}

// Two pictures in turn, each with two questions whose answers differ from picture to picture.
class Pictures : public PretrainStream {
 public:
  Pictures(std::shared_ptr<const LanguageModel> model, bool labels) : labels_(labels) {
    for (const char* name : {"wide", "tall"}) {
      const std::vector<PreparedInput> inputs = {
          {LanguageModel::kOwnModality, model->own_modality()->prepare(kFolder / (std::string(name) + ".png"))}};
      PretrainSample& sample = samples_.emplace_back();
      for (const char* question : {"what?", "what is it?"}) {
        TrainingSample& asked = sample.questions.emplace_back();
        asked.field = name;
        asked.references = {samples_.size() == 1 ? "w" : "t i"};
        asked.prompt = model->tokenize(model->expand(std::string("<image>") + question, inputs).text, inputs, true);
      }
      const std::vector<std::int64_t> shown(sample.questions.front().prompt.embedded.size(),
                                            static_cast<std::int64_t>(samples_.size()));
      if (labels) sample.labels.push_back(shown);
      if (labels && samples_.size() == 2) sample.labels.push_back(shown);  // the second head knows nothing about the first picture
    }
  }
  PretrainSample at(std::uint64_t index) const override { return samples_[index % samples_.size()]; }
  const std::vector<PretrainSample>& all() const { return samples_; }

 private:
  bool labels_;
  std::vector<PretrainSample> samples_;
};

// The pictures, and behind each a text with a question about it.
class PicturesAndTexts : public Pictures {
 public:
  explicit PicturesAndTexts(const std::shared_ptr<const LanguageModel>& model) : Pictures(model, true) {
    TrainingSample& asked = text_.questions.emplace_back();
    asked.references = {"t"};
    asked.prompt = model->tokenize(model->expand("what?", {}).text, {}, true);
  }
  PretrainSample at(std::uint64_t index) const override { return index % 2 ? text_ : Pictures::at(index / 2); }

 private:
  PretrainSample text_;
};

class SameText : public Reward {
 public:
  double score(const TrainingSample& sample, const std::string& answer) const override {
    return answer == sample.references.front() ? 1 : 0;
  }
};

at::Tensor loss_of(const LanguageModel& model, std::vector<PretrainSample> samples, bool together) {
  std::vector<std::vector<AnsweredPrompt>> inputs;
  at::Tensor alone;
  for (PretrainSample& sample : samples) {
    Context context{KvCache()};
    const at::Tensor rows = model.own_modality()->encode(*sample.questions.front().prompt.inputs.front().prepared, context);
    inputs.emplace_back();
    for (TrainingSample& question : sample.questions) {
      question.prompt.embeddings = rows;
      inputs.back().push_back({&question.prompt, {model.tokenizer().encode(question.references.front(), false), {5, 6, 7}}});
    }
    if (together) continue;
    const at::Tensor one = answer_logprobs(model.decoder(), inputs.back(), TreePass{}).sum();
    alone = alone.defined() ? alone + one : one;
  }
  return together ? answer_logprobs(model.decoder(), inputs).sum() : alone;
}

class Pretrain : public testing::TestWithParam<std::string> {
 protected:
  Pretrain() { at::set_num_threads(1); }

  PretrainResult run(const fs::path& folder, PretrainOptions options, bool resume = false, std::int64_t stop_after = 0) {
    const auto model = load(GetParam(), &weights_);
    const Pictures pictures(model, true);
    const SameText reward;
    const PretrainData data{&pictures, pictures.all(), &reward};
    std::int64_t done = 0;
    TrainRun where{.folder = folder, .identity = {{"model", GetParam()}}, .resume = resume, .hooks = {}};
    where.hooks.step = [&](std::int64_t step, std::int64_t) { done = step; };
    where.hooks.stop = [&] { return stop_after > 0 && done + 1 >= stop_after; };
    return pretrain(model, weights_, data, options, where);
  }
  static PretrainOptions short_run() {
    PretrainOptions out{.steps = 12, .inputs = 4, .together = 3, .threads = 1};
    out.rate = {3e-3, 2, out.steps, true, 0.1};
    out.heads = {{.name = "label", .classes = 3}, {.name = "value", .classes = 4, .weight = 0.5}};
    out.validate_every = 0;
    out.checkpoint_every = 5;
    return out;
  }
  static void expect_equal(const PretrainResult& a, const PretrainResult& b) {
    ASSERT_EQ(a.weights.size(), b.weights.size());
    for (const auto& [name, value] : a.weights) EXPECT_TRUE(at::equal(value, b.weights.at(name))) << name;
  }

  static std::vector<Json> steps_of(const fs::path& folder) {
    std::vector<Json> out;
    std::istringstream log(read_text_file(folder / "log.jsonl", 1 << 20));
    for (std::string text; std::getline(log, text);)
      if (Json line = Json::parse(text); line["kind"] == "step") out.push_back(std::move(line));
    return out;
  }

  TemporaryFolder work_;
  Parameters weights_;
};

TEST_P(Pretrain, InputsTogetherAreEachByItself) {
  const auto model = load(GetParam());
  const Pictures pictures(model, false);
  const double together = loss_of(*model, pictures.all(), true).item<double>(),
               alone = loss_of(*model, pictures.all(), false).item<double>();
  EXPECT_NEAR(together, alone, 1e-4 * std::abs(alone));
}

TEST_P(Pretrain, EncodesAllAsEachByItself) {
  const auto model = load(GetParam());
  const Pictures pictures(model, false);
  std::vector<const Prepared*> inputs;
  std::vector<at::Tensor> alone;
  for (const PretrainSample& sample : pictures.all()) {
    inputs.push_back(sample.questions.front().prompt.inputs.front().prepared.get());
    Context context{KvCache()};
    alone.push_back(model->own_modality()->encode(*inputs.back(), context));
  }
  Context context{KvCache()};
  EXPECT_TRUE(at::allclose(model->own_modality()->encode_all(inputs, context), at::cat(alone), 1e-5, 1e-5));
}

TEST_P(Pretrain, EveryWeightHasItsGradient) {
  const auto model = load(GetParam(), &weights_);
  const Pictures pictures(model, false);
  LiveWeights live(model, weights_, std::nullopt);
  const LiveWeights::Made made = live.make(true);
  loss_of(*made.model, pictures.all(), true).backward();
  const auto loss = [&] { return loss_of(*live.make(false).model, pictures.all(), true).item<double>(); };
  for (auto& [name, master] : live.masters()) {
    const at::Tensor gradient = made.leaves.at(name).grad();
    ASSERT_TRUE(gradient.defined()) << name;
    // Along the gradient itself, the steepest way, so that float32's differences are seen; a loss of that size has an error of
    // 1e-4.
    const double norm = gradient.norm().item<double>();
    const at::Tensor kept = master.clone();
    const double scale =
        std::min(0.05 / std::max(norm * norm, 1e-9), 0.01 * std::sqrt(static_cast<double>(master.numel())) / std::max(norm, 1e-9));
    master.add_(gradient, scale);
    const double up = loss();
    master.copy_(kept).sub_(gradient, scale);
    const double down = loss();
    master.copy_(kept);
    EXPECT_NEAR((up - down) / (2 * scale), norm * norm, 0.05 * norm * norm + 1e-4 / scale) << name;
  }
}

TEST_P(Pretrain, LearnsWhatThePicturesShow) {
  PretrainOptions options = short_run();
  options.steps = options.rate.steps = 120;
  options.validate_every = 120;
  EXPECT_EQ(run(work_ / "t", options).score, 1);
  const std::vector<Json> steps = steps_of(work_ / "t");
  for (const char* head : {"label_loss", "value_loss"}) {
    EXPECT_GT(steps.front()[head], 0.2) << head;
    EXPECT_LT(steps.back()[head], 0.1) << head;
  }
}

TEST_P(Pretrain, InterruptedAndResumedEndsWithTheSameBits) {
  const PretrainResult whole = run(work_ / "whole", short_run());
  const PretrainResult first = run(work_ / "cut", short_run(), false, 7);
  ASSERT_TRUE(first.interrupted);
  EXPECT_THROW(run(work_ / "cut", short_run()), InputError);
  const PretrainResult second = run(work_ / "cut", short_run(), true);
  EXPECT_FALSE(second.interrupted);
  expect_equal(whole, second);
}

TEST_P(Pretrain, ThreadsDoNotChangeABit) {
  PretrainOptions two = short_run();
  two.threads = 2;
  two.together = 1;
  PretrainOptions one = two;
  one.threads = 1;
  expect_equal(run(work_ / "one", one), run(work_ / "two", two));
}

TEST_P(Pretrain, OnlyWhatIsNamedIsTrained) {
  PretrainOptions options = short_run();
  options.trained = {"model.vision", "model.multi_modal_projector"};
  if (GetParam() != "llava-siglip") options.trained = {"model.vision"};
  const PretrainResult result = run(work_ / "t", options);
  for (const auto& [name, value] : result.weights) {
    EXPECT_TRUE(name.starts_with("model.vision") || name.starts_with("model.multi")) << name;
    EXPECT_TRUE(!name.ends_with("fc1.weight") || !at::equal(value, weights_.at(name))) << name;
  }
  options.trained = {"model.nothing"};
  EXPECT_THROW(run(work_ / "u", options), InputError);
}

// Of a text there is nothing to learn for a tower.
TEST_P(Pretrain, APartThatTouchesNothingTrainedAddsNothing) {
  const auto model = load(GetParam(), &weights_);
  const PicturesAndTexts mixed(model);
  const SameText reward;
  const auto train = [&](const fs::path& folder, PretrainOptions options, bool pictures) {
    options.trained = {"model.vision"};
    options.together = 1;
    return pretrain(model, weights_, {&mixed, mixed.all(), &reward, pictures}, options,
                    {.folder = folder, .identity = {{"mixed", true}}});
  };
  PretrainOptions options = short_run();
  int moved = 0;
  for (const auto& [name, value] : train(work_ / "t", options, true).weights) moved += !at::equal(value, weights_.at(name));
  EXPECT_GT(moved, 0);
  // Nothing but texts, nothing but labels where there is no head: refused before anything is written.
  EXPECT_THROW(train(work_ / "u", options, false), InputError);
  options.answer_weight = 0;
  for (LabelHead& head : options.heads) head.weight = 0;
  EXPECT_THROW(train(work_ / "u", options, true), InputError);
  EXPECT_FALSE(fs::exists(work_ / "u"));
}

// Codes stand where a tower's embeddings would: what a decoder that stays as it is reads best.
TEST_P(Pretrain, CodesAreLearntWithoutATower) {
  const auto model = load(GetParam());
  PretrainOptions options = short_run();
  options.steps = options.rate.steps = 100;
  options.rate.peak = 0.1;
  options.learn_codes = true;
  EXPECT_THROW(run(work_ / "none", options), InputError) << "nothing to start from";
  at::manual_seed(5);
  options.heads[0].codes.classes = 0.1 * at::randn({3, model->decoder().config().hidden_size});
  if (GetParam() == "smolvlm") {  // two pictures in as many tiles as they need: a place is not the same in both
    EXPECT_THROW(run(work_ / "whole", options), InputError);
    return;
  }
  const PretrainResult whole = run(work_ / "whole", options);
  const auto steps = steps_of(work_ / "whole");
  EXPECT_LT(steps.back()["loss"].get<double>(), 0.9 * steps.front()["loss"].get<double>());
  EXPECT_TRUE(whole.weights.empty());
  EXPECT_TRUE(at::equal(whole.codes.classes[0], options.heads[0].codes.classes[0])) << "class 0 is nowhere to be seen";
  EXPECT_FALSE(at::equal(whole.codes.classes[1], options.heads[0].codes.classes[1]));
  EXPECT_GT(whole.codes.places.abs().max().item<double>(), 0);
  ASSERT_TRUE(run(work_ / "cut", options, false, 7).interrupted);
  const PretrainResult resumed = run(work_ / "cut", options, true);
  EXPECT_TRUE(at::equal(resumed.codes.classes, whole.codes.classes));
  EXPECT_TRUE(at::equal(resumed.codes.places, whole.codes.places));
  options.answer_weight = 0;
  EXPECT_THROW(run(work_ / "unanswered", options), InputError);
}

INSTANTIATE_TEST_SUITE_P(Families, Pretrain, testing::Values("llava-siglip", "smolvlm", "paligemma"), [](const auto& chosen) {
  std::string name = chosen.param;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace zlens
