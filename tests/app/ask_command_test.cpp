// The command as a person runs it: answers, and what is refused.
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>
#include <thread>

#include "app/command_fixture.h"
#include "experts/base_hash.h"
#include "experts/expert.h"
#include "io/json.h"
#include "support/checkpoint.h"
#include "text/model.h"

namespace zlens {
namespace {

class AskCommand : public CommandTest {};

TEST_F(AskCommand, UsageAndVersion) {
  EXPECT_EQ(zlens({"--help"}).exit_code, 0);
  EXPECT_NE(zlens({"--help"}).out.find("ask"), std::string::npos);
  EXPECT_EQ(zlens({"--version"}).out, "zlens 0.1.0\n");
  EXPECT_EQ(zlens({}).exit_code, 2);
  for (const char* command : {"ask", "eval", "score", "report", "models", "tasks", "logits"}) {
    const Outcome help = zlens({command, "--help"});
    EXPECT_EQ(help.exit_code, 0) << command;
    EXPECT_NE(help.out.find("usage: zlens " + std::string(command)), std::string::npos);
  }
  expect_refused({"dance"}, "unknown sub-command 'dance'");
  expect_refused({"ask", "--quickly"}, "quickly");
  expect_refused({"ask", "--max-new-tokens", "many", "x"}, "max-new-tokens");
}

TEST_F(AskCommand, OneAnswerAsTextAndAsJson) {
  const Outcome text = zlens({"ask", "--model", model(), "--max-new-tokens", "5", "Hello there"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(text.err, "");
  const Outcome json = zlens({"ask", "--model", model(), "--max-new-tokens", "5", "--json", "Hello there"});
  const Json reply = parse_json(json.out, "answer");
  for (const char* key : {"answer", "found", "confidence", "finish", "evidence", "mix", "tokens", "prepare_s", "generate_s"})
    EXPECT_TRUE(reply.contains(key)) << key;
  EXPECT_EQ(reply["tokens"]["new"], 5);
  EXPECT_GE(reply["confidence"], 0);
  EXPECT_LE(reply["confidence"], 1);
}

TEST_F(AskCommand, ManyQuestionsInOneLoad) {
  const Outcome lines =
      zlens({"ask", "--model", model(), "--max-new-tokens", "3"},
            {.input = "{\"question\": \"a?\", \"id\": 7}\n\n{\"question\": \"\"}\nnot json\n{\"question\": 3}\n{broken\n"});
  EXPECT_EQ(lines.exit_code, 1) << "some lines failed";
  std::istringstream out(lines.out);
  std::vector<std::string> replies;
  for (std::string line; std::getline(out, line);) replies.push_back(line);
  ASSERT_EQ(replies.size(), 5U);
  EXPECT_EQ(parse_json(replies[0], "1").at("id"), 7);
  EXPECT_TRUE(parse_json(replies[0], "1").contains("answer"));
  for (const std::size_t failed : {1U, 3U, 4U}) EXPECT_TRUE(parse_json(replies[failed], "line").contains("error")) << failed;
}

TEST_F(AskCommand, EveryKindOfBadInputIsOneLineAndExitCodeTwo) {
  write("not-an-image.png", "this is text");
  write("empty.png", "");
  std::string huge("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0", 29);  // 30,000 x 30,000
  write("huge.png", huge + std::string(200, '\0'));
  const std::string m = model();
  expect_refused({"ask", "x"}, "--model");
  expect_refused({"ask", "--model", "no-such-model", "x"}, "no-such-model");
  expect_refused({"ask", "--model", m, ""}, "the question is empty");
  expect_refused({"ask", "--model", m, "  \n "}, "the question is empty");
  expect_refused({"ask", "--model", m, std::string(5000, 'x')}, "context");
  expect_refused({"ask", "--model", m, "--image", folder_ / "not-an-image.png", "x"}, "nothing reads input 'image'");
  expect_refused({"ask", "--model", m, "--attach", "ocr", "--image", folder_ / "absent.png", "x"}, "absent.png");
  expect_refused({"ask", "--model", m, "--attach", "ocr", "--image", folder_ / "not-an-image.png", "x"}, "not-an-image.png");
  expect_refused({"ask", "--model", m, "--attach", "ocr", "--image", folder_ / "empty.png", "x"}, "empty.png");
  expect_refused({"ask", "--model", m, "--attach", "ocr", "--image", folder_ / "huge.png", "x"}, "30000");
  expect_refused({"ask", "--model", m, "--attach", "ocr:language=xx1", "x"}, "xx1");
  expect_refused({"ask", "--model", m, "--attach", "ocr:colour=1", "x"}, "colour");
  expect_refused({"ask", "--model", m, "--attach", "ocr:psm", "x"}, "KEY=VALUE");
  expect_refused({"ask", "--model", m, "--attach", "smell", "x"}, "smell");
  expect_refused({"ask", "--model", m, "--input", "image", "x"}, "NAME=FILE");
  expect_refused({"ask", "--model", m, "--temperature", "nan", "x"}, "temperature");
  expect_refused({"ask", "--model", m, "--temperature=-1", "x"}, "temperature");
  expect_refused({"ask", "--model", m, "--top-p", "2", "x"}, "top_p");
  expect_refused({"ask", "--model", m, "--max-new-tokens=-5", "x"}, "max-new-tokens");
  expect_refused({"ask", "--model", m, "--threads=-1", "x"}, "threads");
  expect_refused({"ask", "--model", m, "--dtype", "int9", "x"}, "int9");
  expect_refused({"ask", "--model", m, "--device", "cuda:9", "x"}, "cuda:9");
  expect_refused({"ask", "--model", m, "--prompt", "no-such-prompt", "x"}, "no-such-prompt");
  expect_refused({"ask", "--model", m, "--expert", folder_ / "absent", "x"}, "absent");
  std::string config = read_json_file(folder_ / "model/config.json").dump();
  write("model/config.json", "{\"model_type\": \"martian\"}");
  expect_refused({"ask", "--model", m, "x"}, "martian");
  write("model/config.json", "{");
  expect_refused({"ask", "--model", m, "x"}, "config.json");
  write("model/config.json", config);
  std::filesystem::resize_file(folder_ / "model/model.safetensors", 999);
  expect_refused({"ask", "--model", m, "x"}, "model.safetensors");
  write("broken.gguf", "GGUF\3\0\0\0");
  expect_refused({"ask", "--model", folder_ / "broken.gguf", "x"}, "broken.gguf");
}

TEST_F(AskCommand, AnExpertOfOnesAnswersLikeTheBaseAndAnotherBaseIsRefused) {
  const auto loaded = LanguageModel::load(folder_ / "model", {.dtype = at::ScalarType::Float});
  Expert expert{.name = "ones", .description = "none", .base = base_hash(*loaded, folder_ / "cache")};
  for (const AdaptableMatrix& matrix : loaded->matrices())
    expert.z[matrix.name].assign(static_cast<std::size_t>(std::min(matrix.weight.size(0), matrix.weight.size(1))), 1.0F);
  write_expert(folder_ / "ones.safetensors", expert);
  const auto logits = [&](const std::string& file, const std::string& name, const std::string& form = "delta") {
    const Outcome run = zlens(
        {"logits", "--model", model(), "--expert", file, "--form", form, "--prompt", "Hello", "--raw", "--out", folder_ / name});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return read_tensors(folder_ / name).at("logits");
  };
  const at::Tensor base = logits("none", "a");
  EXPECT_TRUE(at::equal(base, logits(folder_ / "ones.safetensors", "b")));
  for (auto& [name, z] : expert.z) std::fill(z.begin(), z.end(), 1.3F);
  write_expert(folder_ / "more.safetensors", expert);
  const at::Tensor more = logits(folder_ / "more.safetensors", "c");
  EXPECT_FALSE(at::equal(base, more));
  for (const char* form : {"factored", "merged", "auto"}) {
    EXPECT_TRUE(at::equal(base, logits(folder_ / "ones.safetensors", "d", form))) << form;
    EXPECT_TRUE(at::allclose(more, logits(folder_ / "more.safetensors", "e", form), 1e-4, 1e-4)) << form;
  }
  expect_refused({"ask", "--model", model(), "--expert", folder_ / "more.safetensors", "--form", "fast", "x"}, "'fast'");
  expect_refused({"ask", "--model", model(), "--expert", folder_ / "more.safetensors", "--tolerance", "2", "x"}, "tolerance");
  expert.base = std::string(64, '0');
  write_expert(folder_ / "foreign.safetensors", expert);
  expect_refused({"ask", "--model", model(), "--expert", folder_ / "foreign.safetensors", "x"}, std::string(64, '0'));
}

TEST_F(AskCommand, LogitsAreThoseOfTheLibrary) {
  const Outcome run = zlens({"logits", "--model", model(), "--prompt", "Hi you", "--raw", "--out", folder_ / "l.safetensors"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto written = read_tensors(folder_ / "l.safetensors");
  const auto loaded = LanguageModel::load(folder_ / "model", {.dtype = at::ScalarType::Float});
  const TokenPrompt prompt = loaded->tokenize("Hi you", {}, true);
  EXPECT_EQ(ids_of(written.at("input_ids"), 0, written.at("input_ids").numel()), prompt.ids);
  EXPECT_EQ(written.at("logits").sizes(), at::IntArrayRef({6, loaded->decoder().config().vocab_size}));
  EXPECT_LT(max_difference(written.at("logits"), prompt_logits(loaded->decoder(), prompt, nullptr)), 1e-5);
}

TEST_F(AskCommand, CtrlCEndsTheSession) {
  const auto interrupt = [](pid_t process) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    kill(process, SIGINT);
  };
  std::string questions;
  for (int i = 0; i < 100000; ++i) questions += "Go on for ever\n";
  const Outcome outcome = zlens({"ask", "--model", model()}, {.input = questions, .while_running = interrupt});
  EXPECT_EQ(outcome.exit_code, 128 + SIGINT);
}

}  // namespace
}  // namespace zlens
