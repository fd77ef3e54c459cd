#include <unistd.h>

#include <cmath>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "app/command_line.h"
#include "app/interrupt.h"
#include "io/error.h"
#include "io/user_folders.h"

namespace zlens {
namespace {

constexpr Usage kUsage = {
    "ask [--model M] [--attach ocr] [--image F] QUESTION",
    "Answers a question, about an image where one is given. Without --model the small model that ships looks at the image.\n"
    "Without QUESTION every line of standard input is one: plain text, or a JSON object {\"question\": …, \"id\": …} (answers\n"
    "are then JSON lines, too). --json prints the answer as an object: answer, found (false where the model says that the\n"
    "input does not hold it), confidence (mean probability of the answer's tokens), evidence (boxes of the recognised words\n"
    "that spell the answer, in pixels), finish, token counts, times, mix."};

// To three significant digits more than anyone needs, and no noise behind them.
double rounded(double value) {
  return std::round(value * 1e4) / 1e4;
}

Json boxes(const std::vector<Evidence>& evidence) {
  Json out = Json::array();
  for (const Evidence& word : evidence)
    out.push_back(
        {{"text", word.text}, {"box", {word.left, word.top, word.width, word.height}}, {"confidence", rounded(word.confidence)}});
  return out;
}

Json reply_json(const Reply& reply) {
  if (!reply.error.empty()) return {{"error", reply.error}};
  Json out = {{"answer", reply.answer},
              {"found", reply.found},
              {"confidence", rounded(reply.confidence)},
              {"finish", reply.finish},
              {"evidence", boxes(reply.evidence)},
              {"mix", reply.mix},
              {"tokens", {{"prompt", reply.prompt_tokens}, {"reused", reply.reused_tokens}, {"new", reply.new_tokens}}},
              {"prepare_s", rounded(reply.prepare_s)},
              {"generate_s", rounded(reply.generate_s)}};
  if (reply.why.is_null()) return out;
  out["why"] = reply.why;
  out["dispatch_s"] = rounded(reply.first_pass_s);
  return out;
}

void print_explanation(const Reply& reply) {
  if (!reply.why.is_null()) std::cerr << "dispatch: " << reply.why.dump() << "\n";
  std::cerr << "mix: " << (reply.mix.empty() ? "base" : reply.mix.dump()) << "; prompt " << reply.prompt_tokens << " tokens ("
            << reply.reused_tokens << " reused), answer " << reply.new_tokens << "; prepared in " << std::fixed
            << std::setprecision(2) << reply.prepare_s << " s, generated in " << reply.generate_s << " s\n";
}

// One question with its answer streamed to a terminal, or printed whole elsewhere.
int answer_one(const Session& session, const Request& request, AnswerOptions options, const po::variables_map& values) {
  const bool json = values.contains("json"), streams = !json && isatty(STDOUT_FILENO) != 0;
  options.on_text = [&](std::size_t, const std::string& piece) {
    if (streams) std::cout << piece << std::flush;
    return caught_signal() == 0;
  };
  const Reply reply = session.ask(request, options);
  if (json) {
    std::cout << reply_json(reply).dump() << "\n";
  } else {
    std::cout << (streams ? "" : reply.answer) << "\n";
  }
  if (values.contains("explain")) print_explanation(reply);
  return 0;
}

// The small model that ships: it sees for whoever names none.
constexpr const char* kShippedModel = "tiny-vlm";

std::string default_model(const po::variables_map& values, const Request& request) {
  if (values.contains("model") || values.contains("attach") || request.inputs.empty()) return {};
  std::cerr << "zlens: no --model is given: " << kShippedModel << " answers, the small model that ships\n";
  return kShippedModel;
}

// A line of standard input: its question, and what goes back with its answer.
struct Line {
  std::string question;
  Json id;
  bool json = false;
};

Line parse_line(const std::string& text, std::size_t number) {
  if (text.find_first_not_of(" \t") == std::string::npos || text[text.find_first_not_of(" \t")] != '{') return {text, {}, false};
  const std::string subject = "standard input, line " + std::to_string(number);
  const Json object = parse_json(text, subject);
  if (!object.contains("question") || !object["question"].is_string())
    throw InputError(subject + ": 'question' (a string) is missing");
  return {object["question"], object.value("id", Json()), true};
}

int answer_lines(const Session& session, const Request& base, AnswerOptions options, const po::variables_map& values) {
  options.on_text = [](std::size_t, const std::string&) { return caught_signal() == 0; };
  int failed = 0;
  std::string text;
  for (std::size_t number = 1; !caught_signal() && std::getline(std::cin, text); ++number) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    Reply reply;
    Line line;
    try {
      line = parse_line(text, number);
      Request request = base;
      request.question = line.question;
      reply = session.ask(std::vector<Request>{request}, options).front();
    } catch (const InputError& error) {
      line.json = true;
      reply.error = error.what();
    }
    if (!reply.error.empty()) ++failed;
    if (line.json || values.contains("json")) {
      Json out = reply_json(reply);
      if (!line.id.is_null()) out["id"] = line.id;
      out["question"] = line.question;
      std::cout << out.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
    } else if (!reply.error.empty()) {
      std::cerr << "zlens: line " << number << ": " << reply.error << "\n";
      std::cout << std::endl;
    } else {
      std::cout << reply.answer << std::endl;
    }
  }
  return failed ? 1 : 0;
}

}  // namespace

int ask_command(const std::vector<std::string>& arguments) {
  po::options_description flags("Flags", 110, 60);
  flags.add_options()("question", po::value<std::string>()->value_name("TEXT"), "the question (also as the last argument)")(
      "prompt", po::value<std::string>()->value_name("NAME"), "prompt template: a name in assets/prompts, or a file")(
      "raw", "the question is the whole prompt: no chat template")("json", "print a JSON object")(
      "explain", "say on standard error what was active, and the times");
  flags.add(model_flags()).add(input_flags()).add(generation_flags(64));
  po::positional_options_description positional;
  positional.add("question", 1);
  const auto values = parse_arguments(arguments, flags, positional, kUsage);
  if (!values) return 0;
  Request request{.inputs = inputs_of(*values), .raw = values->contains("raw")};
  std::optional<PromptTemplate> prompt;
  if (values->contains("prompt")) prompt = PromptTemplate::load((*values)["prompt"].as<std::string>(), assets_folder() / "prompts");
  request.prompt = prompt ? &*prompt : nullptr;
  const bool single = values->contains("question");
  if (single) request.question = (*values)["question"].as<std::string>();
  if (single && request.question.find_first_not_of(" \t\r\n") == std::string::npos) throw InputError("the question is empty");
  const AnswerOptions options = answer_options(*values);
  SessionOptions settings = session_options(*values, default_model(*values, request));
  if (!single) settings.expected_questions = 1000;  // nominal: nobody knows how many lines will come
  const Session session(settings);
  return single ? answer_one(session, request, options, *values) : answer_lines(session, request, options, *values);
}

}  // namespace zlens
