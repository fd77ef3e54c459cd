// First passes: by prompt, by a trained classifier, by prototypes.
#include "experts/dispatcher.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "experts/answer_ids.h"
#include "experts/base_hash.h"
#include "experts/prototype.h"
#include "io/error.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"
#include "text/score_answers.h"

namespace zlens {
namespace {

class Dispatching : public testing::Test {
 protected:
  Dispatching() {
    at::set_num_threads(1);
    model_ = load_model_fixture("llama3", folder_.path());
  }

  static std::shared_ptr<Expert> expert(const std::string& name, const std::string& description = "") {
    auto out = std::make_shared<Expert>();
    out->name = name;
    out->description = description;
    out->sha256 = name;
    return out;
  }

  // Prompts of one kind: ids from a small range of their own, in any order.
  std::vector<TokenPrompt> prompts(std::int32_t first, std::size_t count, std::size_t seed) const {
    std::mt19937_64 stream(seed);
    std::vector<TokenPrompt> out(count);
    for (TokenPrompt& prompt : out)
      for (std::size_t t = 0; t < 24; ++t) prompt.ids.push_back(first + static_cast<std::int32_t>(stream() % 6));
    return out;
  }

  std::shared_ptr<const Expert> with_prototype(const std::string& name, std::int32_t first) const {
    auto out = expert(name);
    const auto own = prompts(first, 24, 1);
    std::vector<const TokenPrompt*> pointers;
    for (const TokenPrompt& prompt : own) pointers.push_back(&prompt);
    Caches caches;
    out->prototype = measure_prototype(*model_, pointers, caches);
    return out;
  }

  TemporaryFolder folder_;
  std::shared_ptr<LanguageModel> model_;
  Caches caches_;
};

TEST_F(Dispatching, PromptGivesEveryExpertAProbability) {
  const ExpertSet experts = {expert("receipt", "shops and totals"), expert("chart", "bars and lines"), expert("math")};
  const Dispatch chosen = make_prompt_dispatcher(model_, experts, nullptr, {.abstain_below = 0})
                              ->choose({"What is the total?", "CAFE 4.20", {}}, caches_);
  double total = 0;
  for (const auto& one : experts) total += chosen.why.at(one->name).get<double>();
  EXPECT_NEAR(total, 1, 1e-9);
  ASSERT_EQ(chosen.mix.size(), 1U);
  EXPECT_NEAR(chosen.confidence, chosen.why.at(chosen.mix.front().expert->name).get<double>(), 1e-12);
}

TEST_F(Dispatching, PromptAbstainsBelowItsThreshold) {
  const ExpertSet experts = {expert("receipt"), expert("chart")};
  EXPECT_TRUE(
      make_prompt_dispatcher(model_, experts, nullptr, {.abstain_below = 1})->choose({"Why?", "", {}}, caches_).mix.empty());
}

// A question without content says nothing for anybody, and the best of K never has less than 1 / K.
TEST_F(Dispatching, PromptCanAbstainHoweverFewTheExperts) {
  ExpertSet experts;
  const std::map<std::size_t, double> least = {{1, 0.6}, {2, 0.6}, {3, 0.4}, {4, 0.3}};
  for (const char* name : {"receipt", "chart", "math", "table"}) {
    experts.push_back(expert(name));
    const auto dispatcher = make_prompt_dispatcher(model_, experts, nullptr);
    EXPECT_TRUE(dispatcher->choose({"N/A", "N/A", {}}, caches_).mix.empty()) << experts.size();
    for (const char* question : {"Why?", "What is the total?", "chart chart chart", "1 + 1"}) {
      const Dispatch chosen = dispatcher->choose({question, "", {}}, caches_);
      const bool foreign = chosen.why.contains("others") && chosen.why.at("others").get<double>() > chosen.confidence;
      EXPECT_EQ(chosen.mix.empty(), foreign || chosen.confidence < least.at(experts.size())) << experts.size() << question;
    }
  }
  const Json alone = make_prompt_dispatcher(model_, {experts[0]}, nullptr)->choose({"Why?", "", {}}, caches_).why;
  EXPECT_NEAR(alone.at("receipt").get<double>() + alone.at("others").get<double>(), 1, 1e-9);
}

// Calibration: what the labels get without any content counts for nothing.
TEST_F(Dispatching, AQuestionWithoutContentPrefersNobody) {
  const ExpertSet experts = {expert("receipt"), expert("x"), expert("a-very-long-name")};
  const Dispatch chosen =
      make_prompt_dispatcher(model_, experts, nullptr, {.abstain_below = 0})->choose({"N/A", "N/A", {}}, caches_);
  for (const auto& one : experts) EXPECT_NEAR(chosen.why.at(one->name).get<double>(), 1.0 / 3, 1e-6);
}

TEST_F(Dispatching, OnlyTheHeadOfALongTextIsRead) {
  const ExpertSet experts = {expert("receipt"), expert("chart")};
  const auto dispatcher = make_prompt_dispatcher(model_, experts, nullptr, {.context_chars = 10});
  EXPECT_EQ(dispatcher->choose({"Q?", "0123456789abc", {}}, caches_).why,
            dispatcher->choose({"Q?", "0123456789xyz", {}}, caches_).why);
}

TEST_F(Dispatching, PrototypesRouteByTheHiddenState) {
  const ExpertSet experts = {with_prototype("low", 5), with_prototype("high", 60)};
  const auto dispatcher = make_prototype_dispatcher(model_, experts);
  int right = 0;
  for (const auto& [first, name] : {std::pair{5, "low"}, std::pair{60, "high"}})
    for (const TokenPrompt& prompt : prompts(first, 20, 1000)) {
      const Dispatch chosen = dispatcher->choose({"", "", prompt}, caches_);
      right += !chosen.mix.empty() && chosen.mix.front().expert->name == name;
    }
  EXPECT_GE(right, 34);
}

TEST_F(Dispatching, PrototypesAbstainFarFromEverything) {
  auto near = std::make_shared<Expert>(*with_prototype("low", 5));
  for (std::int64_t d = 0; d < near->prototype.columns; ++d) near->prototype.values[static_cast<std::size_t>(d)] += 100;
  const auto dispatcher = make_prototype_dispatcher(model_, {near});
  EXPECT_TRUE(dispatcher->choose({"", "", prompts(5, 1, 3).front()}, caches_).mix.empty());
}

TEST_F(Dispatching, AnotherExpertChangesNoDistance) {
  const auto low = with_prototype("low", 5), high = with_prototype("high", 60), third = with_prototype("third", 30);
  const DispatchRequest request{"", "", prompts(5, 1, 9).front()};
  const Json two = make_prototype_dispatcher(model_, {low, high})->choose(request, caches_).why;
  const Json three = make_prototype_dispatcher(model_, {low, high, third})->choose(request, caches_).why;
  EXPECT_EQ(two.at("low"), three.at("low"));
  EXPECT_EQ(two.at("high"), three.at("high"));
}

// A classifier that changes nothing: the tiny model's own opinion of the names, a long one being unlikelier than a short one.
TEST_F(Dispatching, AClassifierLeavesTheQuestionsOfOthersToTheBase) {
  const auto classifier = std::make_shared<const ActiveMix>();
  const DispatchRequest request{"What is the total?", "CAFE 4.20", {}};
  const std::string long_name = "a-name-of-very-many-characters-and-tokens-0123456789";
  const Dispatch foreign =
      make_prompt_dispatcher(model_, {expert(long_name)}, classifier, {.abstain_below = 0})->choose(request, caches_);
  EXPECT_TRUE(foreign.mix.empty());
  EXPECT_LT(foreign.confidence, foreign.why.at("others").get<double>());
  EXPECT_NEAR(foreign.confidence, foreign.why.at(long_name).get<double>(), 1e-12);
  const Dispatch own = make_prompt_dispatcher(model_, {expert(long_name), expert("others")}, classifier, {.abstain_below = 0})
                           ->choose(request, caches_);
  ASSERT_EQ(own.mix.size(), 1U) << "an expert of that name is asked";
  EXPECT_EQ(own.mix.front().expert->name, "others");
  EXPECT_EQ(own.why.size(), 2U);
}

// A name cannot be likelier than what it begins with, unless the end of the answer counts.
TEST_F(Dispatching, AClassifierTellsANameFromOneThatItBegins) {
  const auto classifier = std::make_shared<const ActiveMix>();
  const DispatchRequest request{"What is the total?", "CAFE 4.20", {}};
  const auto expect_scored = [&](const ExpertSet& experts, bool with_end) {
    std::vector<std::vector<std::int32_t>> labels;
    for (const auto& one : experts)
      labels.push_back(with_end ? answer_ids(*model_, one->name) : model_->tokenizer().encode(one->name, false));
    const TokenPrompt prompt = dispatch_prompt(*model_, experts, request, {.describe = false});
    const std::vector<double> sums = summed(score_answers(model_->decoder(), prompt, labels, classifier, caches_));
    const Json why = make_prompt_dispatcher(model_, experts, classifier, {.abstain_below = 0})->choose(request, caches_).why;
    const double ratio = why.at(experts[1]->name).get<double>() / why.at(experts[0]->name).get<double>();
    EXPECT_NEAR(std::log(ratio), sums[1] - sums[0], 1e-3) << experts[1]->name;
  };
  const auto shorter = model_->tokenizer().encode("chart", false), longer = model_->tokenizer().encode("chart-2", false);
  ASSERT_GT(longer.size(), shorter.size());
  ASSERT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
  expect_scored({expert("chart"), expert("chart-2")}, true);
  expect_scored({expert("chart"), expert("math")}, false);
}

TEST_F(Dispatching, UnusableSetsAreRefused) {
  EXPECT_THROW(make_prompt_dispatcher(model_, {}, nullptr), InputError);
  EXPECT_THROW(make_prototype_dispatcher(model_, {}), InputError);
  EXPECT_THROW(make_prototype_dispatcher(model_, {expert("bare")}), InputError);
  EXPECT_THROW(measure_prototype(*model_, {}, caches_), InputError);
}

TEST_F(Dispatching, ABatchIsDispatchedAsItsQuestionsAlone) {
  const ExpertSet named = {expert("receipt", "shops and totals"), expert("chart", "bars and lines")};
  const ExpertSet placed = {with_prototype("low", 5), with_prototype("high", 60)};
  const std::vector<TokenPrompt> own = {prompts(5, 1, 3).front(), prompts(60, 1, 4).front(), prompts(30, 1, 5).front()};
  const std::vector<DispatchRequest> requests = {
      {"What is the total?", "CAFE 4.20", own[0]}, {"Why?", "", own[1]}, {"Which bar is the highest of all?", "a b c", own[2]}};
  for (const auto& dispatcher : {make_prompt_dispatcher(model_, named, nullptr), make_prototype_dispatcher(model_, placed)}) {
    const std::vector<Dispatch> together = dispatcher->choose(requests, caches_);
    ASSERT_EQ(together.size(), requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const Dispatch alone = dispatcher->choose(requests[i], caches_);
      for (const auto& [name, score] : alone.why.items())
        EXPECT_NEAR(together[i].why.at(name).get<double>(), score.get<double>(), 1e-4) << i << name;
    }
  }
}

TEST_F(Dispatching, ScoredAnswersAreThoseOfTheWholeText) {
  const std::vector<TokenPrompt> prompts = {
      {.ids = {5, 6, 7, 8, 9, 10}, .shared_prefixes = {4}}, {.ids = {60, 9, 31}}, {.ids = {8, 9}}};
  const std::vector<std::vector<std::int32_t>> all = {{20, 21, 22}, {30}, {20, 40}};
  const auto expect_whole_texts = [&](const std::vector<ScoredAnswers>& scored, std::span<const Answers> answers) {
    ASSERT_EQ(scored.size(), prompts.size());
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      ASSERT_EQ(scored[p].logprobs.size(), answers[p].size());
      for (std::size_t a = 0; a < answers[p].size(); ++a) {
        TokenPrompt whole{.ids = prompts[p].ids};
        whole.ids.insert(whole.ids.end(), answers[p][a].begin(), answers[p][a].end());
        const at::Tensor logprobs = prompt_logits(model_->decoder(), whole, nullptr).log_softmax(-1);
        for (std::size_t t = 0; t < answers[p][a].size(); ++t)
          EXPECT_NEAR(scored[p].logprobs[a][t],
                      logprobs[static_cast<std::int64_t>(prompts[p].ids.size() + t) - 1][answers[p][a][t]].item<float>(), 1e-4);
      }
    }
  };
  expect_whole_texts(score_answers(model_->decoder(), prompts, all, nullptr, caches_), std::vector<Answers>(prompts.size(), all));
  const std::vector<Answers> own = {Answers(all).first(1), Answers(all).subspan(1), {}};
  expect_whole_texts(score_answers(model_->decoder(), prompts, own, nullptr, caches_), own);
}

}  // namespace
}  // namespace zlens
