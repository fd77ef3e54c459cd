#include "experts/answer_ids.h"

#include "io/utf8.h"

namespace zlens {

std::vector<std::int32_t> answer_ids(const LanguageModel& model, const std::string& answer) {
  return ended(model, model.tokenizer().encode(answer, /*add_special_tokens=*/false));
}

std::vector<std::int32_t> spelt_ids(const Tokenizer& tokenizer, std::string_view answer) {
  std::vector<std::int32_t> out;
  while (!answer.empty()) {
    const std::size_t length = decode_utf8(answer).length;
    const std::vector<std::int32_t> ids = tokenizer.encode(std::string(answer.substr(0, length)), /*add_special_tokens=*/false);
    out.insert(out.end(), ids.begin(), ids.end());
    answer.remove_prefix(length);
  }
  return out;
}

std::vector<std::int32_t> ended(const LanguageModel& model, std::vector<std::int32_t> ids) {
  const auto eos = model.tokenizer().token_to_id(model.tokenizer().eos_token());
  if (eos) {
    ids.push_back(*eos);
  } else if (!model.stop_ids().empty()) {
    ids.push_back(model.stop_ids().front());
  }
  return ids;
}

}  // namespace zlens
