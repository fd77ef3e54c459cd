#include "app/session.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "app/request_preparer.h"
#include "experts/base_hash.h"
#include "experts/expert.h"
#include "experts/prototype.h"
#include "io/error.h"
#include "io/user_folders.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    write_model_folder("llama3", folder_.path());
    std::filesystem::create_directories(folder_ / "transcripts");
    std::ofstream(folder_ / "transcripts/1.txt") << "SHOP ONE\nTOTAL 9.00";
    std::ofstream(folder_ / "transcripts/2.txt") << "ANOTHER SHOP\nTOTAL 1.50";
    options_.model = folder_.path();
    options_.dtype = "fp32";
    options_.attachments = {{"transcript", {}}};
  }
  Request about(const std::string& name, const std::string& question) const {
    return {.question = question, .inputs = {{"image", folder_ / ("images/" + name + ".png")}}};
  }
  // The questions of the tests below, about either picture in turn.
  std::vector<Request> questions() const {
    std::vector<Request> out;
    for (const char* question : {"Total?", "Who?", "Which day was it?", "a b", "What is sold here?", "How much?"})
      out.push_back(about(out.size() % 2 ? "1" : "2", question));
    return out;
  }
  // An expert of the folder `set` whose z is `scale` throughout; its prototype is that of the questions about one picture.
  void put_expert(const std::string& name, float scale, const std::string& picture, const std::string& scope = "all") const {
    const Session base(options_);
    Expert expert{.name = name, .base = base_hash(*base.model(), user_cache_folder()), .record = {{"scope", scope}}};
    for (const AdaptableMatrix& matrix : base.model()->matrices())
      expert.z[matrix.name].assign(static_cast<std::size_t>(std::min(matrix.weight.size(0), matrix.weight.size(1))), scale);
    std::vector<PreparedRequest> prepared;
    const std::vector<Request> asked = questions();
    for (std::size_t i = picture == "1" ? 0 : 1; i < asked.size(); i += 2) prepared.push_back(base.preparer().prepare(asked[i]));
    std::vector<const TokenPrompt*> prompts;
    for (const PreparedRequest& one : prepared) prompts.push_back(&one.prompt);
    Caches caches;
    expert.prototype = measure_prototype(*base.model(), prompts, caches);
    std::filesystem::create_directories(folder_ / "set");
    write_expert(folder_ / ("set/" + name + ".safetensors"), expert);
  }

  TemporaryFolder folder_;
  SessionOptions options_;
};

TEST_F(SessionTest, ABatchEqualsItsQuestionsAskedAlone) {
  const Session session(options_);
  const AnswerOptions answer{.max_new_tokens = 12};
  const std::vector<Request> requests = {
      about("1", "Who is the seller?"), about("2", "Total?"), about("1", "Total?"), {.question = "Hello"}};
  const auto together = session.ask(requests, answer);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Reply alone = session.ask(requests[i], answer);
    EXPECT_EQ(together[i].answer, alone.answer) << i;
    EXPECT_EQ(together[i].prompt_sha256, alone.prompt_sha256);
    EXPECT_NEAR(together[i].confidence, alone.confidence, 1e-4);
  }
  EXPECT_NE(together[0].prompt.find("SHOP ONE"), std::string::npos);
}

TEST_F(SessionTest, TextInFrontOfTheQuestionIsReused) {
  const Session session(options_);
  session.ask(about("1", "Who is the seller?"), {.max_new_tokens = 1});
  EXPECT_GE(session.ask(about("1", "What is the total?"), {.max_new_tokens = 1}).reused_tokens, 16);
}

TEST_F(SessionTest, OneBadRequestDoesNotSpoilTheBatch) {
  const Session session(options_);
  const auto replies = session.ask({about("1", "Total?"),
                                    about("absent", "Total?"),
                                    about("2", "   "),
                                    about("2", "Total?"),
                                    {.question = "x", .inputs = {{"sound", folder_ / "a.wav"}}},
                                    about("1", std::string(100000, 'x'))},
                                   {.max_new_tokens = 2});
  EXPECT_TRUE(replies[0].error.empty());
  EXPECT_NE(replies[1].error.find("absent"), std::string::npos);
  EXPECT_NE(replies[2].error.find("empty"), std::string::npos);
  EXPECT_TRUE(replies[3].error.empty());
  EXPECT_NE(replies[4].error.find("sound"), std::string::npos);
  EXPECT_NE(replies[5].error.find("context"), std::string::npos);
  EXPECT_THROW(session.ask(about("absent", "Total?")), InputError);
}

TEST_F(SessionTest, StreamsEveryPieceAndStopsWhenTold) {
  const Session session(options_);
  std::string streamed;
  AnswerOptions answer{.max_new_tokens = 10};
  answer.on_text = [&](std::size_t, const std::string& piece) {
    streamed += piece;
    return true;
  };
  const Reply whole = session.ask(about("1", "Total?"), answer);
  EXPECT_NE(streamed.find(whole.answer.substr(0, 3)), std::string::npos);
  int calls = 0;
  answer.on_text = [&](std::size_t, const std::string&) { return ++calls < 2; };
  const Reply stopped = session.ask(about("1", "Total?"), answer);
  EXPECT_EQ(stopped.finish, "cancelled");
  EXPECT_EQ(stopped.new_tokens, 2);
}

TEST_F(SessionTest, ThreadsShareASession) {
  const Session session(options_);
  const AnswerOptions answer{.max_new_tokens = 8};
  const std::string expected = session.ask(about("1", "Total?"), answer).answer,
                    other = session.ask(about("2", "Total?"), answer).answer;
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i)
        wrong += session.ask(about(t % 2 ? "1" : "2", "Total?"), answer).answer != (t % 2 ? expected : other);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(SessionTest, MergedExpertsAnswerABatchAsFactoredOnesDo) {
  put_expert("low", 0.7F, "1");
  put_expert("high", 1.4F, "2");
  options_.expert = "auto";
  options_.experts = folder_ / "set";
  options_.dispatch = "prototype";
  const std::vector<Request> requests = questions();
  const AnswerOptions sampled{.max_new_tokens = 8, .temperature = 0.8, .seed = 3};
  std::map<std::string, std::vector<Reply>> replies;
  for (const char* form : {"factored", "merged"}) {
    options_.form = form;
    replies[form] = Session(options_).ask(requests, sampled);
  }
  std::set<std::string> chosen;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(replies["merged"][i].mix, replies["factored"][i].mix);
    EXPECT_EQ(replies["merged"][i].answer, replies["factored"][i].answer) << i;
    chosen.insert(replies["merged"][i].mix.dump());
  }
  EXPECT_EQ(chosen.size(), 2U) << "questions for both";
}

// Rows whose experts read the prompt and rows whose experts act on the answer alone cannot share a pass.
TEST_F(SessionTest, ExpertsOfBothScopesAnswerABatchAsEachQuestionAlone) {
  put_expert("everywhere", 0.7F, "1");
  put_expert("answers", 1.4F, "2", "answer");
  options_.expert = "auto";
  options_.experts = folder_ / "set";
  options_.dispatch = "prototype";
  const Session session(options_);
  std::vector<Request> requests = questions();
  requests.push_back({.question = "Hello"});
  const auto together = session.ask(requests, {.max_new_tokens = 8});
  std::set<std::string> chosen;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Reply alone = session.ask(requests[i], {.max_new_tokens = 8});
    EXPECT_EQ(together[i].mix, alone.mix) << i;
    EXPECT_EQ(together[i].answer, alone.answer) << i;
    if (!alone.mix.empty()) chosen.insert(alone.mix.dump());
  }
  EXPECT_EQ(chosen.size(), 2U) << "questions for both";
}

TEST_F(SessionTest, SaysWhichFormAnExpertHasAndWhatTheChoiceRestsOn) {
  const Session base(options_);
  EXPECT_FALSE(base.describe().contains("form"));
  Expert expert{.name = "e", .base = base_hash(*base.model(), user_cache_folder())};
  for (const AdaptableMatrix& matrix : base.model()->matrices())
    expert.z[matrix.name].assign(static_cast<std::size_t>(std::min(matrix.weight.size(0), matrix.weight.size(1))), 1.1F);
  write_expert(folder_ / "e.safetensors", expert);
  options_.expert = folder_ / "e.safetensors";
  EXPECT_EQ(Session(options_).describe().at("form"), "delta");
  options_.form = "auto";
  options_.expected_questions = 1000000;
  const Json many = Session(options_).describe();
  EXPECT_EQ(many.at("form"), "merged");
  EXPECT_EQ(many.at("linear_costs").get<std::string>().size(), 64U);
  options_.expert = "auto";
  options_.experts = folder_.path();
  EXPECT_EQ(Session(options_).describe().at("form"), "merged") << "rows of other experts get a pass of their own";
  options_.expert = folder_ / "e.safetensors";
  options_.form = "delta";
  options_.tolerance = 0.5;
  EXPECT_LE(Session(options_).describe().at("truncation").at("largest_relative_error").get<double>(), 0.5);
}

TEST_F(SessionTest, RefusesWhatItCannotLoad) {
  SessionOptions bad = options_;
  bad.dtype = "int3";
  EXPECT_THROW(Session{bad}, InputError);
  bad = options_;
  bad.attachments = {{"telepathy", {}}};
  EXPECT_THROW(Session{bad}, InputError);
  bad = options_;
  bad.model = "no-such-model";
  EXPECT_THROW(Session{bad}, InputError);
  bad = options_;
  bad.expert = folder_ / "absent.safetensors";
  EXPECT_THROW(Session{bad}, InputError);
  bad = options_;
  bad.device = "abacus";
  EXPECT_THROW(Session{bad}, InputError);
}

}  // namespace
}  // namespace zlens
