#include "experts/answer_ids.h"

namespace zlens {

std::vector<std::int32_t> answer_ids(const LanguageModel& model, const std::string& answer) {
  std::vector<std::int32_t> ids = model.tokenizer().encode(answer, /*add_special_tokens=*/false);
  const auto eos = model.tokenizer().token_to_id(model.tokenizer().eos_token());
  if (eos) {
    ids.push_back(*eos);
  } else if (!model.stop_ids().empty()) {
    ids.push_back(model.stop_ids().front());
  }
  return ids;
}

}  // namespace zlens
