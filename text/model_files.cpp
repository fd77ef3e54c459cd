#include "text/model_files.h"

#include <algorithm>

#include "io/error.h"
#include "io/gguf.h"
#include "io/regular_file.h"
#include "io/safetensors.h"
#include "modules/config_reader.h"
#include "text/extended_tokenizer.h"
#include "text/gguf_weights.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBorrows = "zlens_language_model";
constexpr const char* kBorrowersPlaceholder = "<image>";

// Old checkpoints store rotary tables and position ids as buffers.
std::string canonical_text_name(const std::string& name) {
  for (const char* ignored : {".inv_freq", "position_ids"})
    if (name.ends_with(ignored)) return {};
  return name.find("rotary_emb") != std::string::npos ? std::string() : name;
}

// Any of these ends an answer: generation_config.json's list, the config's, the tokenizer's.
std::vector<std::int32_t> collect_stop_ids(const DecoderConfig& config, const Tokenizer& tokenizer, const Json& generation,
                                           const std::string& subject) {
  std::vector<std::int64_t> ids = ConfigReader(generation, subject).integers("eos_token_id", {0, 1 << 24});
  if (ids.empty()) ids = config.eos_token_ids;
  if (const auto eos = tokenizer.token_to_id(tokenizer.eos_token())) ids.push_back(*eos);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return {ids.begin(), ids.end()};
}

ModelFiles open_gguf(const fs::path& path) {
  const auto gguf = Gguf::open(path);
  ModelFiles out;
  out.path = path;
  out.decoder = decoder_config_from_gguf(*gguf);
  out.model_type = out.decoder.model_type;
  out.identity = gguf->file()->identity();
  out.tokenizer = tokenizer_from_gguf(*gguf);
  if (const std::string* source = gguf->string("tokenizer.chat_template"))
    out.chat_template = std::make_shared<const ChatTemplate>(*source);
  out.stop_ids = collect_stop_ids(out.decoder, *out.tokenizer, Json::object(), path.string());
  out.weights = [path, config = out.decoder](at::ScalarType dtype) {
    return state_dict_from_gguf(Gguf::open(path), config, dtype);
  };
  return out;
}

// The folder's own tensors.
void add_weights(ModelFiles& out, bool without) {
  if (without) {
    out.weights = [path = out.path](at::ScalarType dtype) { return StateDict(path.string(), dtype); };
    return;
  }
  for (const auto& [name, location] : open_checkpoint(out.path)) {
    const std::string& file = location.shard->file()->identity();
    if (out.identity.find(file) == std::string::npos) out.identity += file + "\n";
  }
  const RenameTensor rename = out.family ? RenameTensor(out.family->canonical_name) : RenameTensor(canonical_text_name);
  std::function<void(StateDict&)> unfuse;
  if (out.family && out.family->unfuse)
    unfuse = [parts = out.family->unfuse, json = out.json](StateDict& weights) { parts(json, weights); };
  // Opened again each time: no file stays mapped that nobody reads.
  out.weights = [path = out.path, rename, unfuse](at::ScalarType dtype) {
    StateDict weights = state_dict_from_checkpoint(path, dtype, rename);
    if (unfuse) unfuse(weights);
    return weights;
  };
}

// Decoder, tokenizer and what ends an answer from another checkpoint.
void borrow(ModelFiles& out, const std::string& name, const ModelFilesOptions& options) {
  if (!out.family || !options.find_language_model)
    throw InputError(out.path.string() + ": borrows the language model '" + printable(name) +
                     "', which needs a program that finds it");
  const ModelFiles language = open_model_files(options.find_language_model(name), {});
  out.language_model = name;
  out.decoder = language.decoder;
  out.tokenizer = std::make_shared<const ExtendedTokenizer>(language.tokenizer, std::vector<std::string>{kBorrowersPlaceholder});
  out.chat_template = language.chat_template;
  out.stop_ids = language.stop_ids;
  out.identity += language.identity;
  out.weights = [own = out.weights, theirs = language.weights, from = language.decoder_name + ".",
                 to = out.decoder_name + "."](at::ScalarType dtype) {
    StateDict weights = own(dtype);
    weights.take_over(theirs(dtype), [&](const std::string& tensor) {
      return tensor.starts_with(from) ? to + tensor.substr(from.size()) : tensor;
    });
    return weights;
  };
}

ModelFiles open_folder(const fs::path& path, const ModelFilesOptions& options) {
  const std::string config_path = (path / "config.json").string();
  const fs::path generation_path = path / "generation_config.json";
  ModelFiles out;
  out.path = path;
  if (!has_regular_file(config_path)) throw InputError(config_path + ": is missing; name the folder of a Hugging Face checkpoint");
  out.json = read_json_file(config_path);
  if (const ModelFamily* family = options.families ? options.families->find(out.json) : nullptr) out.family = *family;
  if (out.family) out.decoder_name = out.family->decoder_name;
  add_weights(out, options.without_weights);
  if (const std::string language = ConfigReader(out.json, config_path).string(kBorrows, ""); !language.empty()) {
    borrow(out, language, options);
  } else {
    out.decoder = parse_decoder_config(out.family ? out.family->decoder_config(out.json, config_path) : out.json, config_path);
    out.tokenizer = load_tokenizer(path);
    const Json generation = has_regular_file(generation_path) ? read_json_file(generation_path) : Json::object();
    out.stop_ids = collect_stop_ids(out.decoder, *out.tokenizer, generation, generation_path.string());
  }
  out.decoder.bidirectional_prompt = out.family && out.family->bidirectional_prompt;
  out.model_type = out.family ? out.family->model_type : out.decoder.model_type;
  if (auto source = find_chat_template(path)) {
    out.chat_template = std::make_shared<const ChatTemplate>(std::move(*source));
  } else if (out.family && !out.family->chat_template.empty()) {
    out.chat_template = std::make_shared<const ChatTemplate>(out.family->chat_template);
  }
  return out;
}

}  // namespace

ModelFiles open_model_files(const fs::path& path, const ModelFilesOptions& options) {
  std::error_code error;
  if (fs::is_directory(path, error)) return open_folder(path, options);
  if (path.extension() == ".gguf") return open_gguf(path);
  throw InputError(path.string() + ": expected a Hugging Face folder or a .gguf file" +
                   (fs::exists(path, error) ? "" : " (it does not exist)"));
}

}  // namespace zlens
