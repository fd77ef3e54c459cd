// The small model that ships against transformers (tests/fixtures/make_tiny_vlm.py made the goldens), and its experts on the
// bundled pictures.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "app/request_preparer.h"
#include "app/session.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "io/safetensors.h"
#include "io/user_folders.h"
#include "support/checkpoint.h"
#include "support/temporary_folder.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

const fs::path kPictures = assets_folder() / "pictures";

struct Bundled {
  Request request;
  std::string field;
  Json answers;
};

std::map<std::string, Bundled> bundled_questions() {
  std::map<std::string, Bundled> out;
  std::istringstream lines(read_text_file(kPictures / "test.jsonl", 1 << 20));
  for (std::string line; std::getline(lines, line);) {
    const Json row = parse_json(line, "test.jsonl");
    out[row.at("id")] = {{.question = row.at("question"), .inputs = {{"image", kPictures / row.at("images").at(0)}}},
                         row.at("field"),
                         row.at("answers")};
  }
  return out;
}

TEST(ShippedModel, EqualsTransformers) {
  const fs::path file = fs::path(ZLENS_FIXTURES) / "tiny-vlm" / "golden.safetensors";
  const auto golden = read_tensors(file.string());
  const Session session({.model = "tiny-vlm", .dtype = "fp32", .threads = 1});
  const auto questions = bundled_questions();
  const TemporaryFolder work;
  std::vector<TokenPrompt> prompts;
  std::vector<std::vector<std::int32_t>> expected;
  Caches caches;
  for (const Json& id : parse_json(Safetensors::open(file)->metadata().at("cases"), "cases")) {
    const auto name = id.get<std::string>();
    SCOPED_TRACE(name);
    const Request& request = questions.at(name).request;
    session.write_logits(request, work / "l.safetensors");
    const auto written = read_tensors((work / "l.safetensors").string());
    ASSERT_TRUE(at::equal(written.at("input_ids"), golden.at(name + ".input_ids")));
    const at::Tensor& logits = golden.at(name + ".logits");
    EXPECT_LT(max_difference(written.at("logits").slice(0, -logits.size(0)), logits), 1e-4);
    const at::Tensor& greedy = golden.at(name + ".greedy");
    expected.push_back(ids_of(greedy, 0, greedy.size(0)));
    prompts.push_back(session.model()->under_mix(session.preparer().prepare(request).prompt, nullptr, caches));
  }
  ASSERT_GE(prompts.size(), 10U);
  const auto together = generate(session.model()->decoder(), prompts,
                                 {.max_new_tokens = 16, .stop_ids = session.model()->stop_ids()}, nullptr, caches);
  for (std::size_t i = 0; i < prompts.size(); ++i) EXPECT_EQ(together[i].ids, expected[i]) << i;
}

std::vector<Bundled> those_named(const std::string& part) {
  std::vector<Bundled> out;
  for (const auto& [id, one] : bundled_questions())
    if (id.find(part) != std::string::npos) out.push_back(one);
  return out;
}

std::vector<Reply> replies(const SessionOptions& options, const std::vector<Bundled>& questions) {
  std::vector<Request> requests;
  for (const Bundled& one : questions) requests.push_back(one.request);
  return Session(options).ask(requests, {.max_new_tokens = 16});
}

SessionOptions two_passes() {
  return {.model = "tiny-vlm",
          .threads = 1,
          .expert = "auto",
          .experts = (assets_folder() / "experts" / "tiny-vlm").string(),
          .form = "factored"};
}

// "What is the answer?" and the like about texts, charts and exercises: nothing but the pixels tells them apart.
TEST(ShippedExperts, TheSameQuestionGoesWhereItsPictureBelongs) {
  const std::vector<Bundled> questions = those_named("small-mixed-fax-");
  const std::vector<Reply> found = replies(two_passes(), questions);
  std::size_t right = 0;
  for (std::size_t i = 0; i < questions.size(); ++i)
    right += found[i].mix.size() == 1 && found[i].mix.at(0).at("expert") == questions[i].field;
  EXPECT_EQ(questions.size(), 18U);
  EXPECT_GE(right, 16U);
}

TEST(ShippedExperts, PicturesOfOtherKindsAreLeftToTheBase) {
  std::vector<Bundled> questions;
  for (const auto& [id, one] : bundled_questions())
    if (id.find("-fax-") == std::string::npos) questions.push_back(one);
  const std::vector<Reply> found = replies(two_passes(), questions);
  const auto left = std::count_if(found.begin(), found.end(), [](const Reply& reply) { return reply.mix.empty(); });
  EXPECT_EQ(questions.size(), 72U);
  EXPECT_GE(left, 65);
}

TEST(ShippedExperts, TwoPassesReadFaxesThatTheBaseCannot) {
  const std::vector<Bundled> questions = those_named("-fax-");
  const auto right = [&](const SessionOptions& options) {
    const std::vector<Reply> found = replies(options, questions);
    int count = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) count += found[i].answer == questions[i].answers.at(0);
    return count;
  };
  const int base = right({.model = "tiny-vlm", .threads = 1});
  EXPECT_EQ(questions.size(), 78U);
  EXPECT_GE(right(two_passes()), base + 10);
}

}  // namespace
}  // namespace zlens
