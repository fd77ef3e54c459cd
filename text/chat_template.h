// Chat templates: the checkpoint's own Jinja text, rendered by an engine for the subset that such templates use. Free of torch.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/json.h"

namespace zlens {

struct ChatOptions {
  bool add_generation_prompt = true;
  std::string bos_token, eos_token;
  // Further variables of the template, e.g. tools or enable_thinking: an object.
  OrderedJson variables = OrderedJson::object();
  // What strftime_now sees, seconds since 1970 in UTC; fixed by default so that equal requests make equal prompts.
  std::int64_t now = 0;
};

// Immutable after construction; `render` may be called from several threads at once.
class ChatTemplate {
 public:
  // Parses `source`. Throws InputError with line and reason where it uses something outside the subset.
  explicit ChatTemplate(std::string source);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  // `messages`: [{"role": "user", "content": "…" or [{"type": "text", "text": "…"}, {"type": "image"}]}, …]. Their dicts and those
  // of the variables keep their order, which templates print. The environment is that of transformers' apply_chat_template
  // (trim_blocks, lstrip_blocks, loop controls, raise_exception, strftime_now, tojson without HTML escapes, namespace, generation
  // blocks). Throws InputError where the template raises an exception or exceeds its limits (steps, output bytes, recursion).
  std::string render(const OrderedJson& messages, const ChatOptions& options = {}) const;

  const std::string& source() const;

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

// The template of a Hugging Face folder by transformers' precedence: chat_template.json, chat_template.jinja,
// tokenizer_config.json's chat_template (a string, or the entry named "default" of a list). Nothing where there is none.
std::optional<std::string> find_chat_template(const std::filesystem::path& folder);

}  // namespace zlens
