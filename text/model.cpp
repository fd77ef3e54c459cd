#include "text/model.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/error.h"
#include "io/gguf.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/sha256.h"
#include "modules/config_reader.h"
#include "modules/dtype.h"
#include "modules/state_dict.h"
#include "text/gguf_weights.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

std::shared_ptr<LanguageModel> LanguageModel::load(const fs::path& path, const LoadOptions& options) {
  std::shared_ptr<LanguageModel> model(new LanguageModel);
  model->path_ = path;
  model->dtype_ = options.dtype;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    model->load_folder(options);
  } else if (path.extension() == ".gguf") {
    model->load_gguf(options);
  } else {
    throw InputError(path.string() + ": expected a Hugging Face folder or a .gguf file" +
                     (fs::exists(path, error) ? "" : " (it does not exist)"));
  }
  return model;
}

void LanguageModel::load_folder(const LoadOptions& options) {
  const fs::path config_path = path_ / "config.json", generation_path = path_ / "generation_config.json";
  const DecoderConfig config = parse_decoder_config(read_json_file(config_path), config_path.string());
  const auto tensors = open_checkpoint(path_);
  StateDict weights = state_dict_from_tensors(tensors, path_.string(), options.dtype, canonical_text_name);
  weights.set_device(options.device);
  decoder_ = std::make_unique<Decoder>(config, weights, matrices_);
  weights.finish();
  std::string identity;
  for (const auto& [name, location] : tensors) {
    const std::string& file = location.shard->file()->identity();
    if (identity.find(file) == std::string::npos) identity += file + "\n";
  }
  files_identity_ = identity;
  tokenizer_ = load_tokenizer(path_);
  if (auto source = find_chat_template(path_)) chat_template_.emplace(std::move(*source));
  const Json generation = fs::exists(generation_path) ? read_json_file(generation_path) : Json::object();
  stop_ids_ = collect_stop_ids(config, *tokenizer_, generation, generation_path.string());
}

void LanguageModel::load_gguf(const LoadOptions& options) {
  const auto gguf = Gguf::open(path_);
  const DecoderConfig config = decoder_config_from_gguf(*gguf);
  StateDict weights = state_dict_from_gguf(gguf, config, options.dtype);
  weights.set_device(options.device);
  decoder_ = std::make_unique<Decoder>(config, weights, matrices_);
  weights.finish();
  files_identity_ = gguf->file()->identity();
  tokenizer_ = tokenizer_from_gguf(*gguf);
  if (const std::string* source = gguf->string("tokenizer.chat_template")) chat_template_.emplace(*source);
  stop_ids_ = collect_stop_ids(config, *tokenizer_, Json::object(), path_.string());
}

StateDict LanguageModel::weights_fp32() const {
  if (path_.extension() == ".gguf") return state_dict_from_gguf(Gguf::open(path_), decoder_->config(), at::kFloat);
  return state_dict_from_checkpoint(path_, at::kFloat, canonical_text_name);
}

void LanguageModel::for_each_matrix_fp32(const std::vector<std::string>& names,
                                         const std::function<void(const std::string&, const at::Tensor&)>& body) const {
  StateDict weights = weights_fp32();
  for (const std::string& name : names) {
    const auto matrix = std::find_if(matrices_.begin(), matrices_.end(), [&](const auto& entry) { return entry.name == name; });
    if (matrix == matrices_.end()) throw InputError(path_.string() + ": no adaptable matrix is named '" + name + "'");
    const at::Tensor weight = weights.take(name + ".weight", matrix->weight.sizes());
    if (weight.numel() == 0) throw InputError(path_.string() + ": '" + name + "' changed while the model was in use");
    body(name, weight);
  }
}

void LanguageModel::attach(const std::string& name, std::shared_ptr<const Modality> modality) {
  const std::string placeholder = modality->placeholder();
  if (!placeholder.empty() && !tokenizer_->token_to_id(placeholder))
    throw InputError(path_.string() + ": modality '" + name + "' needs the token '" + placeholder +
                     "', which the vocabulary lacks");
  modalities_[name] = std::move(modality);
}

std::string LanguageModel::render(const Json& messages, bool open_answer) const {
  if (!chat_template_)
    throw InputError(path_.string() + ": the checkpoint has no chat template; use --raw or a checkpoint tuned for chat");
  ChatOptions options;
  options.add_generation_prompt = open_answer;
  options.bos_token = tokenizer_->bos_token();
  options.eos_token = tokenizer_->eos_token();
  return chat_template_->render(messages, options);
}

TokenPrompt LanguageModel::tokenize(const std::string& text, const std::vector<PreparedInput>& inputs, Caches& caches,
                                    const PromptOptions& options) const {
  TokenPrompt prompt;
  prompt.ids = tokenizer_->encode(text, options.raw);
  const auto vocabulary = static_cast<std::int32_t>(decoder_->config().vocab_size);
  for (const std::int32_t id : prompt.ids)
    if (id < 0 || id >= vocabulary)
      throw InputError(path_.string() + ": the tokenizer gives id " + std::to_string(id) + ", but the model has " +
                       std::to_string(vocabulary) + " embeddings");
  std::vector<std::pair<std::int64_t, at::Tensor>> rows;  // position in ids, one embedding
  std::map<std::int32_t, std::size_t> cursor;             // where to go on, for each placeholder
  for (const PreparedInput& input : inputs) {
    const Modality& modality = *modalities_.at(input.modality);
    if (modality.token_count(*input.prepared) == 0) continue;
    const std::int32_t placeholder = *tokenizer_->token_to_id(modality.placeholder());
    const at::Tensor encoded = encode_cached(modality, *input.prepared, caches);
    std::size_t& at = cursor[placeholder];
    for (std::int64_t i = 0; i < encoded.size(0); ++i, ++at) {
      at = static_cast<std::size_t>(std::find(prompt.ids.begin() + static_cast<std::ptrdiff_t>(at), prompt.ids.end(), placeholder) -
                                    prompt.ids.begin());
      if (at == prompt.ids.size())
        throw InputError("the prompt holds fewer '" + modality.placeholder() + "' than its inputs have embeddings");
      rows.emplace_back(static_cast<std::int64_t>(at), encoded[i]);
    }
    prompt.embeddings_hash = sha256_hex(prompt.embeddings_hash + input.prepared->content_hash());
  }
  for (const auto& [placeholder, at] : cursor)
    if (std::find(prompt.ids.begin() + static_cast<std::ptrdiff_t>(at), prompt.ids.end(), placeholder) != prompt.ids.end())
      throw InputError("the prompt holds more '" + tokenizer_->id_to_token(placeholder) + "' than its inputs have embeddings");
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<at::Tensor> embeddings;
  for (auto& [position, row] : rows) {
    prompt.embedded.push_back(position);
    embeddings.push_back(row);
  }
  if (!embeddings.empty()) prompt.embeddings = at::stack(embeddings);
  return prompt;
}

at::Tensor encode_cached(const Modality& modality, const Prepared& prepared, Caches& caches) {
  if (const auto found = caches.encodings.get(prepared.content_hash())) return *found;
  Context context{KvCache()};
  const at::Tensor encoded = modality.encode(prepared, context);
  const std::int64_t expected = modality.token_count(prepared);
  if (encoded.dim() != 2 || encoded.size(0) != expected)
    throw Error("a modality encoded " + shape_text(encoded.sizes()) + " where it promised " + std::to_string(expected) +
                " embeddings");
  caches.encodings.put(prepared.content_hash(), std::make_shared<at::Tensor>(encoded), encoded.nbytes());
  return encoded;
}

}  // namespace zlens
