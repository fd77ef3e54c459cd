#include "app/request_preparer.h"

#include <algorithm>

#include "io/error.h"
#include "text/answer_text.h"
#include "text/common_prefix.h"
#include "text/picture_prompt.h"

namespace zlens {
namespace {

OrderedJson default_messages(const std::string& context, const std::string& question) {
  return OrderedJson::array({{{"role", "user"}, {"content", context.empty() ? question : context + "\n\n" + question}}});
}

}  // namespace

bool one_line(const Request& request) {
  return request.prompt && request.prompt->one_line();
}

RequestPreparer::RequestPreparer(std::shared_ptr<const LanguageModel> model, std::map<std::string, std::string> reads)
    : model_(std::move(model)), reads_(std::move(reads)) {}

std::string RequestPreparer::render(const Request& request, const Parts& parts) const {
  if (request.raw) return parts.question;
  OrderedJson messages =
      request.prompt ? request.prompt->messages({.question = parts.question, .context = parts.context, .choices = request.choices})
                     : default_messages(parts.context, parts.question);
  return model_->render(with_pictures(std::move(messages), parts.pictures), parts.open_answer);
}

// Where the prompt stops depending on the template alone, where on template and inputs, and where the answer's side begins: found
// by comparing with the same prompt about something else, so that it holds for every template and tokenizer. Each is
// tokenized in full: even thousands of placeholders take no time beside the preparation of their picture.
void RequestPreparer::mark(const Request& request, const Parts& parts, const std::vector<PreparedInput>& inputs,
                           TokenPrompt& prompt) const {
  if (request.raw) return;
  const auto like = [&](Parts other) {
    const PromptText text = model_->expand(render(request, other), inputs);
    return common_prefix(prompt.ids, model_->tokenizer().encode(text.text, special_tokens(text, request)));
  };
  Parts other_context = parts, other_question = parts, closed = parts;
  other_context.context = other_question.question = "\x01";
  closed.open_answer = false;
  const std::int64_t of_template = like(other_context), of_inputs = like(other_question);
  prompt.shared_prefixes = {std::min(of_template, of_inputs), std::max(of_template, of_inputs)};
  prompt.answer_from = like(closed);
}

bool RequestPreparer::special_tokens(const PromptText& text, const Request& request) const {
  return request.raw ? text.add_special_tokens : adds_special_tokens(*model_, text);
}

std::vector<std::filesystem::path> RequestPreparer::files(const std::vector<std::filesystem::path>& images) const {
  std::vector<std::filesystem::path> out;
  for (const auto& [name, modality] : model_->modalities()) {
    if (reads_.at(name) != "image") continue;
    for (const auto& image : images)
      for (auto& file : modality->files(image)) out.push_back(std::move(file));
  }
  return out;
}

PreparedRequest RequestPreparer::prepare(const Request& request) const {
  if (trimmed(request.question).empty()) throw InputError("the question is empty");
  PreparedRequest out;
  out.question = request.question;
  Parts parts{.context = {}, .question = request.question};
  for (const Input& input : request.inputs) {
    bool read = false;
    for (const auto& [name, modality] : model_->modalities()) {
      if (reads_.at(name) != input.kind) continue;
      read = true;
      out.inputs.push_back({name, modality->prepare(input.data)});
      if (modality.get() == model_->own_modality()) {
        ++parts.pictures;
      } else {
        parts.context += (parts.context.empty() ? "" : "\n\n") + modality->prompt_text(*out.inputs.back().prepared);
      }
    }
    if (!read)
      throw InputError("nothing reads input '" + input.kind + "': model '" + model_->path().filename().string() +
                       "' has no modality for it; attach one (--attach ocr reads the words of an image)");
  }
  out.context = parts.context;
  out.one_line = one_line(request);
  const PromptText text = model_->expand(render(request, parts), out.inputs);
  out.text = text.text;
  out.prompt = model_->tokenize(text.text, out.inputs, special_tokens(text, request));
  mark(request, parts, out.inputs, out.prompt);
  return out;
}

}  // namespace zlens
