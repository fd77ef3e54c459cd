#include "text/model.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>

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

at::Tensor encode_checked(const EmbeddedInput& input, const std::shared_ptr<const ActiveMix>& mix) {
  Context context{KvCache(), mix};
  at::Tensor encoded = input.modality->encode(*input.prepared, context);
  const std::int64_t expected = input.modality->token_count(*input.prepared);
  if (encoded.dim() != 2 || encoded.size(0) != expected)
    throw Error("a modality encoded " + shape_text(encoded.sizes()) + " where it promised " + std::to_string(expected) +
                " embeddings");
  return encoded;
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

void LanguageModel::build(StateDict& weights) {
  matrices_.clear();
  decoder_ = std::make_shared<const Decoder>(plan_->decoder, weights, matrices_, decoder_name_);
  decoder_matrices_ = matrices_.size();
  if (plan_->family) {
    own_ = plan_->family->build({path_, plan_->json, plan_->decoder.hidden_size}, weights, matrices_);
    modalities_[kOwnModality] = own_;
  }
  weights.finish();
}

std::shared_ptr<LanguageModel> LanguageModel::with_weights(const StateDict::Maker& make) const {
  std::shared_ptr<LanguageModel> out(new LanguageModel(*this));
  StateDict weights(path_.string(), dtype_, make);
  out->build(weights);
  return out;
}

void LanguageModel::load_folder(const LoadOptions& options) {
  const fs::path config_path = path_ / "config.json", generation_path = path_ / "generation_config.json";
  const Json json = read_json_file(config_path);
  const ModelFamily* family = options.families ? options.families->find(json) : nullptr;
  DecoderConfig config =
      parse_decoder_config(family ? family->decoder_config(json, config_path.string()) : json, config_path.string());
  config.bidirectional_prompt = family && family->bidirectional_prompt;
  plan_ = std::make_shared<const Plan>(Plan{config, json, family ? std::optional(*family) : std::nullopt});
  model_type_ = family ? family->model_type : config.model_type;
  if (family) decoder_name_ = family->decoder_name;
  read_weights_.rename = family ? family->canonical_name : canonical_text_name;
  if (family && family->unfuse)
    read_weights_.unfuse = [unfuse = family->unfuse, json](StateDict& weights) { unfuse(json, weights); };
  if (options.make_weight) {
    StateDict weights(path_.string(), options.dtype, options.make_weight);
    build(weights);
  } else {
    read_weights(options);
  }
  tokenizer_ = load_tokenizer(path_);
  if (auto source = find_chat_template(path_)) {
    chat_template_ = std::make_shared<const ChatTemplate>(std::move(*source));
  } else if (family && !family->chat_template.empty()) {
    chat_template_ = std::make_shared<const ChatTemplate>(family->chat_template);
  }
  if (own_) check_placeholder(kOwnModality, *own_);
  const Json generation = fs::exists(generation_path) ? read_json_file(generation_path) : Json::object();
  stop_ids_ = collect_stop_ids(config, *tokenizer_, generation, generation_path.string());
}

void LanguageModel::read_weights(const LoadOptions& options) {
  const auto tensors = open_checkpoint(path_);
  StateDict weights = state_dict_from_tensors(tensors, path_.string(), options.dtype, read_weights_.rename);
  if (read_weights_.unfuse) read_weights_.unfuse(weights);
  weights.set_device(options.device);
  build(weights);
  for (const auto& [name, location] : tensors) {
    const std::string& file = location.shard->file()->identity();
    if (files_identity_.find(file) == std::string::npos) files_identity_ += file + "\n";
  }
}

void LanguageModel::load_gguf(const LoadOptions& options) {
  const auto gguf = Gguf::open(path_);
  const DecoderConfig config = decoder_config_from_gguf(*gguf);
  model_type_ = config.model_type;
  StateDict weights = state_dict_from_gguf(gguf, config, options.dtype);
  weights.set_device(options.device);
  plan_ = std::make_shared<const Plan>(Plan{config, nullptr, std::nullopt});
  build(weights);
  files_identity_ = gguf->file()->identity();
  tokenizer_ = tokenizer_from_gguf(*gguf);
  if (const std::string* source = gguf->string("tokenizer.chat_template"))
    chat_template_ = std::make_shared<const ChatTemplate>(*source);
  stop_ids_ = collect_stop_ids(config, *tokenizer_, Json::object(), path_.string());
}

StateDict LanguageModel::weights_fp32() const {
  if (path_.extension() == ".gguf") return state_dict_from_gguf(Gguf::open(path_), decoder_->config(), at::kFloat);
  StateDict weights = state_dict_from_checkpoint(path_, at::kFloat, read_weights_.rename);
  if (read_weights_.unfuse) read_weights_.unfuse(weights);
  return weights;
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

void LanguageModel::check_placeholder(const std::string& name, const Modality& modality) const {
  const std::string placeholder = modality.placeholder();
  if (!placeholder.empty() && !tokenizer_->token_to_id(placeholder))
    throw InputError(path_.string() + ": modality '" + name + "' needs the token '" + placeholder +
                     "', which the vocabulary lacks");
}

void LanguageModel::attach(const std::string& name, std::shared_ptr<const Modality> modality) {
  if (modalities_.contains(name)) throw InputError(path_.string() + ": has a modality '" + name + "' already");
  check_placeholder(name, *modality);
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

PromptText LanguageModel::expand(const std::string& text, const std::vector<PreparedInput>& inputs) const {
  if (!own_) return {text, false};
  const std::string placeholder = own_->placeholder();
  std::string out;
  std::size_t from = 0, written = 0, given = 0;
  for (const PreparedInput& input : inputs) given += modalities_.at(input.modality) == own_;
  auto next = inputs.begin();
  for (std::size_t at = text.find(placeholder); at != text.npos; at = text.find(placeholder, from)) {
    next = std::find_if(next, inputs.end(), [&](const PreparedInput& input) { return modalities_.at(input.modality) == own_; });
    if (++written > given) break;
    out += text.substr(from, at - from) + own_->prompt_text(*next->prepared);
    ++next;
    from = at + placeholder.size();
  }
  if (written != given)
    throw InputError("the prompt has " + std::string(written > given ? "more" : "fewer") + " '" + placeholder + "' than images (" +
                     std::to_string(given) + " given): it stands once for each");
  return own_->complete(out + text.substr(from), tokenizer_->bos_token());
}

std::map<std::string, at::Tensor> LanguageModel::processed(const std::vector<PreparedInput>& inputs) const {
  std::vector<const Prepared*> own;
  for (const PreparedInput& input : inputs)
    if (modalities_.at(input.modality) == own_) own.push_back(input.prepared.get());
  std::map<std::string, at::Tensor> out;
  if (own.empty()) return out;
  for (const auto& [name, tensor] : own_->tensors(own)) out[name] = tensor.to(at::kCPU).contiguous();
  return out;
}

TokenPrompt LanguageModel::tokenize(const std::string& text, const std::vector<PreparedInput>& inputs, Caches& caches,
                                    const PromptOptions& options) const {
  TokenPrompt prompt;
  prompt.ids = tokenizer_->encode(text, options.raw);
  place_inputs(inputs, prompt);
  const auto vocabulary = static_cast<std::int32_t>(decoder_->config().vocab_size);
  for (std::size_t i = 0; i < prompt.ids.size(); ++i) {
    const std::int32_t id = prompt.ids[i];
    const bool embedded = std::binary_search(prompt.embedded.begin(), prompt.embedded.end(), static_cast<std::int64_t>(i));
    if (!embedded && (id < 0 || id >= vocabulary))
      throw InputError(path_.string() + ": the tokenizer gives id " + std::to_string(id) + ", but the model has " +
                       std::to_string(vocabulary) + " embeddings");
  }
  if (options.encode) encode_inputs(prompt, nullptr, caches);
  return prompt;
}

void LanguageModel::place_inputs(const std::vector<PreparedInput>& inputs, TokenPrompt& prompt) const {
  std::map<std::int32_t, std::size_t> cursor;  // where to go on, for each placeholder
  std::vector<std::int64_t> positions;         // of the rows of all inputs, one after the other
  for (const PreparedInput& input : inputs) {
    const auto& modality = modalities_.at(input.modality);
    const std::int64_t count = modality->token_count(*input.prepared);
    if (count == 0) continue;
    const std::int32_t placeholder = *tokenizer_->token_to_id(modality->placeholder());
    std::size_t& at = cursor[placeholder];
    for (std::int64_t i = 0; i < count; ++i, ++at) {
      at = static_cast<std::size_t>(std::find(prompt.ids.begin() + static_cast<std::ptrdiff_t>(at), prompt.ids.end(), placeholder) -
                                    prompt.ids.begin());
      if (at == prompt.ids.size())
        throw InputError("the prompt holds fewer '" + modality->placeholder() + "' than its inputs have embeddings");
      positions.push_back(static_cast<std::int64_t>(at));
    }
    prompt.inputs.push_back({modality, input.prepared});
    prompt.embeddings_hash = sha256_hex(prompt.embeddings_hash + input.prepared->content_hash());
  }
  for (const auto& [placeholder, at] : cursor)
    if (std::find(prompt.ids.begin() + static_cast<std::ptrdiff_t>(at), prompt.ids.end(), placeholder) != prompt.ids.end())
      throw InputError("the prompt holds more '" + tokenizer_->id_to_token(placeholder) + "' than its inputs have embeddings");
  prompt.row_order.resize(positions.size());
  std::iota(prompt.row_order.begin(), prompt.row_order.end(), 0);
  std::sort(prompt.row_order.begin(), prompt.row_order.end(), [&](std::int64_t a, std::int64_t b) {
    return positions[static_cast<std::size_t>(a)] < positions[static_cast<std::size_t>(b)];
  });
  for (const std::int64_t row : prompt.row_order) prompt.embedded.push_back(positions[static_cast<std::size_t>(row)]);
}

bool LanguageModel::changes_encoding(const ActiveMix& mix) const {
  return std::any_of(mix.slots.begin() + static_cast<std::ptrdiff_t>(std::min(decoder_matrices_, mix.slots.size())),
                     mix.slots.end(), [](const auto& slot) { return slot.has_value(); });
}

TokenPrompt LanguageModel::under_mix(const TokenPrompt& prompt, const std::shared_ptr<const ActiveMix>& mix, Caches& caches) const {
  TokenPrompt out = prompt;
  if (!mix || prompt.inputs.empty() || mix->answer_only || !changes_encoding(*mix)) return out;
  encode_inputs(out, mix, caches);
  out.embeddings_hash = sha256_hex(prompt.embeddings_hash + mix->content_hash);
  return out;
}

at::Tensor LanguageModel::encode(const EmbeddedInput& input, const std::shared_ptr<const ActiveMix>& mix, Caches& caches) const {
  if (mix && mix->requires_grad() && at::GradMode::is_enabled()) return encode_checked(input, mix);
  const std::string key =
      std::to_string(decoder_->id()) + "\n" + input.prepared->content_hash() + (mix ? mix->content_hash : std::string());
  if (const auto found = caches.encodings.get(key)) return *found;
  const c10::NoGradGuard no_grad;
  const at::Tensor encoded = encode_checked(input, mix);
  caches.encodings.put(key, std::make_shared<at::Tensor>(encoded), encoded.nbytes());
  return encoded;
}

// The rows of a prompt's inputs in the order of their placeholders.
void LanguageModel::encode_inputs(TokenPrompt& prompt, const std::shared_ptr<const ActiveMix>& mix, Caches& caches) const {
  if (prompt.inputs.empty()) return;
  std::vector<at::Tensor> rows;
  for (const EmbeddedInput& input : prompt.inputs) rows.push_back(encode(input, mix, caches));
  const at::Tensor all = at::cat(rows);
  prompt.embeddings = std::is_sorted(prompt.row_order.begin(), prompt.row_order.end())
                          ? all
                          : all.index_select(0, at::tensor(prompt.row_order, at::kLong).to(all.device()));
}

}  // namespace zlens
