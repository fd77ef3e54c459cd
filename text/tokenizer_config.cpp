#include "text/tokenizer_config.h"

#include <charconv>
#include <set>

#include "io/regular_file.h"
#include "text/token_model.h"
#include "text/tokenizer_fields.h"

namespace zlens {
namespace {

constexpr auto token_limit = static_cast<std::int32_t>(TokenizerLimits::max_tokens);

// A token is spelled as a string, or as an object with its `content`.
std::string token_text(const Json& value, const JsonFields& file, const std::string& key) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object()) return JsonFields(value, file.where() + ": " + key).string("content");
  file.fail("field \"" + key + "\" must be a token");
}

void read_name(const JsonFields& file, const char* key, std::string& name) {
  if (const Json* value = file.find(key); value != nullptr && name.empty()) name = token_text(*value, file, key);
}

void read_names(const JsonFields& file, TokenizerConfig& config) {
  read_name(file, "bos_token", config.bos_token);
  read_name(file, "eos_token", config.eos_token);
  read_name(file, "unk_token", config.unk_token);
  std::string pad;
  read_name(file, "pad_token", pad);
  if (!pad.empty()) config.special_tokens.push_back(pad);
  if (const Json* list = file.find("additional_special_tokens"); list != nullptr && list->is_array()) {
    for (const Json& token : *list) config.special_tokens.push_back(token_text(token, file, "additional_special_tokens"));
  }
}

std::int32_t id_from_key(const std::string& key, const JsonFields& decoder) {
  std::int32_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (error != std::errc() || end != key.data() + key.size() || id < 0 || id >= token_limit) {
    decoder.fail(printable(key) + " is no token id");
  }
  return id;
}

void check_content(const AddedToken& token, const JsonFields& where) {
  if (token.content.empty() || token.content.size() > TokenizerLimits::max_added_token_bytes) {
    where.fail("an added token has " + std::to_string(token.content.size()) + " bytes");
  }
}

void read_added_tokens_decoder(const JsonFields& file, TokenizerConfig& config) {
  if (file.find("added_tokens_decoder") == nullptr) return;
  const JsonFields decoder = file.object("added_tokens_decoder");
  for (const auto& [key, value] : decoder.value().items()) {
    const JsonFields fields(value, decoder.where() + "." + printable(key));
    AddedToken token;
    token.id = id_from_key(key, decoder);
    token.content = fields.string("content");
    token.single_word = fields.boolean_or("single_word", false);
    token.lstrip = fields.boolean_or("lstrip", false);
    token.rstrip = fields.boolean_or("rstrip", false);
    token.special = fields.boolean_or("special", false);
    check_content(token, fields);
    config.added_tokens.push_back(std::move(token));
  }
}

void read_added_tokens_file(const JsonFields& file, TokenizerConfig& config) {
  std::set<std::string> known;
  for (const AddedToken& token : config.added_tokens) known.insert(token.content);
  for (const auto& [content, id] : file.value().items()) {
    if (known.contains(content)) continue;
    AddedToken token;
    token.content = content;
    token.id = checked_id(id, token_limit, file.where());
    check_content(token, file);
    config.added_tokens.push_back(std::move(token));
  }
}

std::optional<bool> optional_boolean(const JsonFields& file, const char* key) {
  if (file.find(key) == nullptr) return std::nullopt;
  return file.boolean_or(key, false);
}

template <typename Read>
void with_file(const std::filesystem::path& path, Read read) {
  if (!has_regular_file(path)) return;
  const Json value = read_json_file(path, kTableJson);  // models of speech list tens of thousands of added tokens here
  read(JsonFields(value, path.string()));
}

}  // namespace

TokenizerConfig read_tokenizer_config(const std::filesystem::path& folder) {
  TokenizerConfig config;
  with_file(folder / "tokenizer_config.json", [&](const JsonFields& file) {
    config.tokenizer_class = file.string_or("tokenizer_class", "");
    config.add_bos_token = optional_boolean(file, "add_bos_token");
    config.add_eos_token = optional_boolean(file, "add_eos_token");
    read_names(file, config);
    read_added_tokens_decoder(file, config);
  });
  with_file(folder / "special_tokens_map.json", [&](const JsonFields& file) { read_names(file, config); });
  with_file(folder / "added_tokens.json", [&](const JsonFields& file) { read_added_tokens_file(file, config); });
  return config;
}

}  // namespace zlens
