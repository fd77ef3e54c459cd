#include "app/session_answerer.h"

#include "app/request_preparer.h"

namespace zlens {

std::vector<Answer> SessionAnswerer::answer(std::span<const Sample> samples) {
  std::vector<Request> requests;
  for (const Sample& sample : samples) {
    Request request{.question = sample.question, .choices = sample.choices, .prompt = &prompt_};
    for (const auto& image : sample.images) request.inputs.push_back({"image", image});
    requests.push_back(std::move(request));
  }
  std::vector<Answer> answers;
  for (Reply& reply : session_.ask(requests, options_))
    answers.push_back({.prediction = std::move(reply.answer),
                       .prompt_sha256 = std::move(reply.prompt_sha256),
                       .mix = std::move(reply.mix),
                       .why = std::move(reply.why),
                       .first_pass_s = reply.first_pass_s,
                       .second_pass_s = reply.prepare_s + reply.generate_s,
                       .tokens = reply.new_tokens,
                       .error = std::move(reply.error)});
  return answers;
}

std::vector<std::filesystem::path> SessionAnswerer::files(const Sample& sample) const {
  return session_.preparer().files(sample.images);
}

Json SessionAnswerer::config() const {
  Json config = session_.describe();
  config["max_new_tokens"] = options_.max_new_tokens;
  config["temperature"] = options_.temperature;
  config["top_p"] = options_.top_p;
  return config;
}

}  // namespace zlens
