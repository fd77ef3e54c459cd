// Where a Hugging Face folder keeps its chat template.
#include "io/error.h"
#include "io/mapped_file.h"
#include "io/regular_file.h"
#include "text/chat_template.h"

namespace zlens {
namespace {

std::string text_of(const Json& value, const std::filesystem::path& file) {
  if (!value.is_string()) throw InputError(file.string() + ": a chat template must be text, not " + value.type_name());
  return value.get<std::string>();
}

// [{"name": …, "template": …}, …]; an unknown name has no template.
std::optional<std::string> default_of_list(const Json& entries, const std::filesystem::path& file) {
  for (const Json& entry : entries) {
    const bool named = entry.is_object() && entry.contains("name") && entry.contains("template");
    if (!named) throw InputError(file.string() + ": the entries of chat_template need a name and a template");
    if (entry["name"] == "default") return text_of(entry["template"], file);
  }
  return std::nullopt;
}

std::optional<std::string> template_in_json(const std::filesystem::path& file) {
  if (!has_regular_file(file)) return std::nullopt;
  const Json config = read_json_file(file, kTableJson);  // tokenizer_config.json may list many added tokens
  if (!config.is_object()) throw InputError(file.string() + ": expected an object, found " + config.type_name());
  const auto found = config.find("chat_template");
  if (found == config.end() || found->is_null()) return std::nullopt;
  if (found->is_array()) return default_of_list(*found, file);
  if (!found->is_object()) return text_of(*found, file);
  const auto named = found->find("default");
  return named == found->end() ? std::nullopt : std::optional(text_of(*named, file));
}

}  // namespace

std::optional<std::string> find_chat_template(const std::filesystem::path& folder) {
  if (auto legacy = template_in_json(folder / "chat_template.json")) return legacy;
  const std::filesystem::path plain = folder / "chat_template.jinja";
  if (has_regular_file(plain)) return read_text_file(plain, std::size_t{1} << 20);
  return template_in_json(folder / "tokenizer_config.json");
}

}  // namespace zlens
