// The tokenizer of a Hugging Face folder.
#include <utility>

#include "io/error.h"
#include "io/mapped_file.h"
#include "io/regular_file.h"
#include "text/sentencepiece_tokenizer.h"
#include "text/tokenizer_config.h"
#include "text/tokenizer_json.h"

namespace zlens {

std::unique_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& folder) {
  const TokenizerConfig config = read_tokenizer_config(folder);
  const auto json = folder / "tokenizer.json";
  if (has_regular_file(json)) {
    TokenizerParts parts = tokenizer_parts_from_json(read_json_file(json, kTokenizerJson), json.string());
    parts.bos_token = config.bos_token;
    parts.eos_token = config.eos_token;
    return std::make_unique<PipelineTokenizer>(std::move(parts), json.string());
  }
  const auto model = folder / "tokenizer.model";
  if (!has_regular_file(model)) {
    throw InputError(folder.string() + ": neither tokenizer.json nor tokenizer.model is in this folder");
  }
  const std::string bytes = read_text_file(model, SentencepieceLimits::max_file_bytes);
  return std::make_unique<PipelineTokenizer>(tokenizer_parts_from_sentencepiece(bytes, config, model.string()), model.string());
}

}  // namespace zlens
