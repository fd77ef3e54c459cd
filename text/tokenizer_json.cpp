#include "text/tokenizer_json.h"

#include <algorithm>
#include <array>
#include <utility>

#include "io/error.h"
#include "text/bpe.h"
#include "text/tokenizer_fields.h"

namespace zlens {
namespace {

constexpr auto token_limit = static_cast<std::int32_t>(TokenizerLimits::max_tokens);

// Ids may leave holes (tokens that only `added_tokens` lists), but not so many that a small file makes a large table.
std::vector<std::string> tokens_by_id(const JsonFields& model) {
  const JsonFields vocabulary = model.object("vocab");
  const auto limit =
      static_cast<std::int32_t>(std::min<std::size_t>(TokenizerLimits::max_tokens, 2 * vocabulary.value().size() + 1024));
  std::vector<std::string> tokens;
  std::vector<bool> taken;
  for (const auto& [token, value] : vocabulary.value().items()) {
    const auto id = static_cast<std::size_t>(checked_id(value, limit, vocabulary.where() + "." + printable(token)));
    if (id >= tokens.size()) {
      tokens.resize(id + 1);
      taken.resize(id + 1);
    }
    if (taken[id]) vocabulary.fail("id " + std::to_string(id) + " belongs to two tokens, one of them " + printable(token));
    taken[id] = true;
    tokens[id] = token;
  }
  return tokens;
}

std::pair<std::string, std::string> merge_pair(const Json& merge, const JsonFields& model, std::size_t rank) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  if (merge.is_string()) {
    const auto text = merge.get<std::string>();
    const std::size_t space = text.find(' ');
    if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos) {
      return {text.substr(0, space), text.substr(space + 1)};
    }
  }
  model.fail("merge " + std::to_string(rank) + " is no pair of tokens: " + printable(merge.dump(-1, ' ', true)));
}

std::vector<std::pair<std::string, std::string>> merge_list(const JsonFields& model) {
  const Json& merges = model.array("merges");
  if (merges.size() > TokenizerLimits::max_merges) model.fail(std::to_string(merges.size()) + " merges are too many");
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(merges.size());
  for (std::size_t rank = 0; rank < merges.size(); ++rank) pairs.push_back(merge_pair(merges[rank], model, rank));
  return pairs;
}

std::shared_ptr<const TokenModel> model_from_json(const JsonFields& model) {
  const std::string type = model.string_or("type", "BPE");  // older files do not say
  if (type != "BPE") model.fail("unknown model " + printable(type) + "; only BPE is supported");
  if (const Json* dropout = model.find("dropout"); dropout != nullptr && *dropout != 0) {
    model.fail("dropout " + dropout->dump() + " would make the ids random; set it to null");
  }
  BpeOptions options;
  options.unk_token = model.string_or("unk_token", "");
  options.continuing_subword_prefix = model.string_or("continuing_subword_prefix", "");
  options.end_of_word_suffix = model.string_or("end_of_word_suffix", "");
  options.fuse_unk = model.boolean_or("fuse_unk", false);
  options.byte_fallback = model.boolean_or("byte_fallback", false);
  options.ignore_merges = model.boolean_or("ignore_merges", false);
  return std::make_shared<Bpe>(Vocabulary(tokens_by_id(model), model.where()), merge_list(model), std::move(options),
                               model.where());
}

AddedToken added_token_from_json(const JsonFields& fields) {
  AddedToken token;
  token.content = fields.string("content");
  if (token.content.empty() || token.content.size() > TokenizerLimits::max_added_token_bytes) {
    fields.fail("an added token has " + std::to_string(token.content.size()) + " bytes, 1 to " +
                std::to_string(TokenizerLimits::max_added_token_bytes) + " are supported");
  }
  token.id = fields.id("id", token_limit);
  token.single_word = fields.boolean_or("single_word", false);
  token.lstrip = fields.boolean_or("lstrip", false);
  token.rstrip = fields.boolean_or("rstrip", false);
  token.special = fields.boolean_or("special", false);
  token.normalized = fields.boolean_or("normalized", !token.special);
  return token;
}

// The reference numbers added tokens itself and only warns where the file says something else; a file that does is refused.
std::vector<AddedToken> added_tokens_from_json(const JsonFields& file, const Vocabulary& vocabulary) {
  std::vector<AddedToken> tokens;
  if (file.find("added_tokens") == nullptr) return tokens;
  const Json& list = file.array("added_tokens");
  if (list.size() > TokenizerLimits::max_added_tokens) file.fail(std::to_string(list.size()) + " added tokens are too many");
  std::int32_t highest = -1;
  const auto count = static_cast<std::int32_t>(vocabulary.count());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonFields fields(list[i], file.where() + ": added_tokens[" + std::to_string(i) + "]");
    tokens.push_back(added_token_from_json(fields));
    const AddedToken& token = tokens.back();
    const std::int32_t known = vocabulary.find(token.content);
    const std::int32_t expected = known >= 0 ? known : std::max(count, highest + 1);
    if (token.id != expected) {
      fields.fail("token " + printable(token.content) + " has id " + std::to_string(token.id) + " where " +
                  std::to_string(expected) + " is due");
    }
    highest = std::max(highest, token.id);
  }
  return tokens;
}

// What a post-processor puts around the text.
struct Affixes {
  std::vector<std::int32_t> prefix, suffix;
  bool set = false;
};

void append_special(const JsonFields& processor, const JsonFields& special, std::vector<std::int32_t>& out) {
  const JsonFields entry = processor.object("special_tokens").object(special.string("id").c_str());
  for (const Json& id : entry.array("ids")) out.push_back(checked_id(id, token_limit, entry.where()));
}

void read_template(const JsonFields& processor, Affixes& affixes) {
  bool seen = false;
  for (const Json& item : processor.array("single")) {
    const JsonFields part(item, processor.where() + ".single");
    if (part.find("SpecialToken") != nullptr) {
      append_special(processor, part.object("SpecialToken"), seen ? affixes.suffix : affixes.prefix);
    } else if (std::exchange(seen, true) || part.object("Sequence").string("id") != "A") {
      processor.fail("the template must hold the sequence A once");
    }
  }
  if (!seen) processor.fail("the template must hold the sequence A once");
}

std::int32_t processor_token(const JsonFields& processor, const char* key) {
  const Json& pair = processor.array(key);
  if (pair.size() != 2) processor.fail(std::string("field \"") + key + "\" must be a token and its id");
  return checked_id(pair[1], token_limit, processor.where() + "." + key);
}

void read_post_processor(const JsonFields& processor, Affixes& affixes) {
  const std::string type = processor.string("type");
  if (type == "ByteLevel") return;  // changes offsets only
  if (type == "Sequence") {
    for (const Json& part : processor.array("processors")) read_post_processor({part, processor.where()}, affixes);
    return;
  }
  if (type != "TemplateProcessing" && type != "RobertaProcessing") processor.fail("unknown post-processor " + printable(type));
  if (std::exchange(affixes.set, true)) processor.fail("more than one post-processor adds special tokens");
  if (type == "TemplateProcessing") {
    read_template(processor, affixes);
  } else {
    affixes.prefix = {processor_token(processor, "cls")};
    affixes.suffix = {processor_token(processor, "sep")};
  }
}

void refuse_unknown_keys(const JsonFields& file) {
  constexpr std::array<std::string_view, 9> known{"version",       "truncation",     "padding", "added_tokens", "normalizer",
                                                  "pre_tokenizer", "post_processor", "decoder", "model"};
  for (const auto& [key, value] : file.value().items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) file.fail("unknown field " + printable(key));
  }
}

}  // namespace

TokenizerParts tokenizer_parts_from_json(const Json& value, const std::string& subject) {
  const JsonFields file(value, subject);
  refuse_unknown_keys(file);
  TokenizerParts parts;
  parts.model = model_from_json(file.object("model"));
  parts.added_tokens = added_tokens_from_json(file, parts.model->vocabulary());
  if (file.find("normalizer") != nullptr) parts.normalizer = normalizer_from_json(file.object("normalizer"));
  if (file.find("pre_tokenizer") != nullptr) parts.pre_tokenizer = pre_tokenizer_from_json(file.object("pre_tokenizer"));
  if (file.find("decoder") != nullptr) parts.decoder = decoder_from_json(file.object("decoder"));
  if (file.find("post_processor") != nullptr) {
    Affixes affixes;
    read_post_processor(file.object("post_processor"), affixes);
    parts.prefix = std::move(affixes.prefix);
    parts.suffix = std::move(affixes.suffix);
  }
  return parts;
}

std::unique_ptr<const Tokenizer> tokenizer_from_json_text(std::string_view text, const std::string& subject) {
  const Json value = parse_json(text, subject, kTokenizerJson);
  return std::make_unique<PipelineTokenizer>(tokenizer_parts_from_json(value, subject), subject);
}

}  // namespace zlens
