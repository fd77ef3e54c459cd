#include "app/request_preparer.h"

#include <algorithm>

#include "io/error.h"
#include "text/answer_text.h"

namespace zlens {
namespace {

std::int64_t common_prefix(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
}

Json default_messages(const std::string& context, const std::string& question) {
  return Json::array({{{"role", "user"}, {"content", context.empty() ? question : context + "\n\n" + question}}});
}

}  // namespace

bool one_line(const Request& request) {
  return request.prompt && request.prompt->one_line();
}

RequestPreparer::RequestPreparer(std::shared_ptr<const LanguageModel> model, std::map<std::string, std::string> reads)
    : model_(std::move(model)), reads_(std::move(reads)) {}

std::string RequestPreparer::render(const Request& request, const std::string& context, const std::string& question,
                                    bool open_answer) const {
  if (request.raw) return question;
  if (!request.prompt) return model_->render(default_messages(context, question), open_answer);
  return model_->render(request.prompt->messages({.question = question, .context = context, .choices = request.choices}),
                        open_answer);
}

// Where the prompt stops depending on the template alone, where on template and inputs, and where the answer's side begins: found
// by comparing with the same prompt about something else, so that it holds for every template and tokenizer.
void RequestPreparer::mark(const Request& request, const std::string& context, TokenPrompt& prompt) const {
  if (request.raw) return;
  const auto like = [&](const std::string& text) {
    return common_prefix(prompt.ids, model_->tokenizer().encode(text, /*add_special_tokens=*/false));
  };
  const std::int64_t of_template = like(render(request, "\x01", request.question)),
                     of_inputs = like(render(request, context, "\x01"));
  prompt.shared_prefixes = {std::min(of_template, of_inputs), std::max(of_template, of_inputs)};
  prompt.answer_from = like(render(request, context, request.question, /*open_answer=*/false));
}

PreparedRequest RequestPreparer::prepare(const Request& request, Caches& caches) const {
  if (trimmed(request.question).empty()) throw InputError("the question is empty");
  PreparedRequest out;
  out.question = request.question;
  std::string& context = out.context;
  for (const Input& input : request.inputs) {
    bool read = false;
    for (const auto& [name, modality] : model_->modalities()) {
      if (reads_.at(name) != input.kind) continue;
      read = true;
      out.inputs.push_back({name, modality->prepare(input.data)});
      context += (context.empty() ? "" : "\n\n") + modality->prompt_text(*out.inputs.back().prepared);
    }
    if (!read)
      throw InputError("nothing reads input '" + input.kind + "': model '" + model_->path().filename().string() +
                       "' has no modality for it; attach one (--attach ocr reads the words of an image)");
  }
  out.one_line = one_line(request);
  out.text = render(request, context, request.question);
  out.prompt = model_->tokenize(out.text, out.inputs, caches, {.raw = request.raw});
  mark(request, context, out.prompt);
  return out;
}

}  // namespace zlens
