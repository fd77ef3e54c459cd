#include "text/picture_prompt.h"

namespace zlens {

OrderedJson with_pictures(OrderedJson messages, std::size_t pictures) {
  if (pictures == 0) return messages;
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if ((*message)["role"] != "user") continue;
    OrderedJson items = OrderedJson::array();
    for (std::size_t i = 0; i < pictures; ++i) items.push_back({{"type", "image"}});
    items.push_back({{"type", "text"}, {"text", (*message)["content"]}});
    (*message)["content"] = std::move(items);
    break;
  }
  return messages;
}

bool adds_special_tokens(const LanguageModel& model, const PromptText& text) {
  if (!model.own_modality()) return false;
  const std::string bos = model.tokenizer().bos_token();
  return text.add_special_tokens && (bos.empty() || !text.text.starts_with(bos));
}

}  // namespace zlens
