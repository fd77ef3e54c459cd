#include "text/chat_template.h"

#include "io/error.h"
#include "text/jinja_interpreter.h"
#include "text/jinja_parser.h"

namespace zlens {

struct ChatTemplate::Program {
  std::string source;
  JinjaBody body;
};

ChatTemplate::ChatTemplate(std::string source) {
  auto program = std::make_shared<Program>();
  program->body = parse_template(source);
  program->source = std::move(source);
  program_ = std::move(program);
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

std::string ChatTemplate::render(const OrderedJson& messages, const ChatOptions& options) const {
  if (!messages.is_array()) throw InputError("chat template: the messages must be a list of {role, content}");
  if (!options.variables.is_object()) throw InputError("chat template: the further variables must be an object");
  // transformers defines tools and documents always, as none where there are no such things.
  OrderedJson variables = {
      {"tools", nullptr}, {"documents", nullptr}, {"bos_token", options.bos_token}, {"eos_token", options.eos_token}};
  variables.update(options.variables);
  variables["messages"] = messages;
  variables["add_generation_prompt"] = options.add_generation_prompt;
  return JinjaInterpreter(variables, options.now).run(program_->body);
}

const std::string& ChatTemplate::source() const {
  return program_->source;
}

}  // namespace zlens
