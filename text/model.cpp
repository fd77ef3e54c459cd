#include "text/model.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>

#include "io/error.h"
#include "io/json.h"
#include "io/sha256.h"
#include "modules/dtype.h"
#include "modules/parallel_rows.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

at::Tensor encode_checked(const EmbeddedInput& input, const std::shared_ptr<const ActiveMix>& mix) {
  Context context{KvCache(), mix};
  at::Tensor encoded = input.modality->encode(*input.prepared, context);
  const std::int64_t expected = input.modality->token_count(*input.prepared);
  if (encoded.dim() != 2 || encoded.size(0) != expected)
    throw Error("a modality encoded " + shape_text(encoded.sizes()) + " where it promised " + std::to_string(expected) +
                " embeddings");
  return encoded;
}

}  // namespace

std::shared_ptr<LanguageModel> LanguageModel::load(const fs::path& path, const LoadOptions& options) {
  std::shared_ptr<LanguageModel> model(new LanguageModel);
  model->files_ = std::make_shared<const ModelFiles>(open_model_files(
      path, {options.families, /*without_weights=*/static_cast<bool>(options.make_weight), options.find_language_model}));
  model->dtype_ = options.dtype;
  StateDict weights = model->files_->weights(options.dtype);
  weights.set_device(options.device);
  if (options.make_weight) weights.make_missing(options.make_weight);
  model->build(weights);
  if (model->own_) model->check_placeholder(kOwnModality, *model->own_);
  return model;
}

void LanguageModel::build(StateDict& weights) {
  matrices_.clear();
  decoder_ = std::make_shared<const Decoder>(files_->decoder, weights, matrices_, files_->decoder_name);
  decoder_matrices_ = matrices_.size();
  if (files_->family) {
    own_ = files_->family->build({files_->path, files_->json, files_->decoder.hidden_size}, weights, matrices_);
    modalities_[kOwnModality] = own_;
  }
  weights.finish();
}

std::shared_ptr<LanguageModel> LanguageModel::with_weights(const StateDict::Maker& make) const {
  std::shared_ptr<LanguageModel> out(new LanguageModel(*this));
  StateDict weights(path().string(), dtype_);
  weights.make_missing(make);
  out->build(weights);
  return out;
}

void LanguageModel::for_each_matrix_fp32(const std::vector<std::string>& names,
                                         const std::function<void(const std::string&, const at::Tensor&)>& body) const {
  StateDict weights = weights_fp32();
  for (const std::string& name : names) {
    const auto matrix = std::find_if(matrices_.begin(), matrices_.end(), [&](const auto& entry) { return entry.name == name; });
    if (matrix == matrices_.end()) throw InputError(path().string() + ": no adaptable matrix is named '" + name + "'");
    const at::Tensor weight = weights.take(name + ".weight", matrix->weight.sizes());
    if (weight.numel() == 0) throw InputError(path().string() + ": '" + name + "' changed while the model was in use");
    body(name, weight);
  }
}

void LanguageModel::check_placeholder(const std::string& name, const Modality& modality) const {
  const std::string placeholder = modality.placeholder();
  if (!placeholder.empty() && !tokenizer().token_to_id(placeholder))
    throw InputError(path().string() + ": modality '" + name + "' needs the token '" + placeholder +
                     "', which the vocabulary lacks");
}

void LanguageModel::attach(const std::string& name, std::shared_ptr<const Modality> modality) {
  if (modalities_.contains(name)) throw InputError(path().string() + ": has a modality '" + name + "' already");
  check_placeholder(name, *modality);
  modalities_[name] = std::move(modality);
}

std::string LanguageModel::render(const OrderedJson& messages, bool open_answer) const {
  if (!has_chat_template())
    throw InputError(path().string() + ": the checkpoint has no chat template; use --raw or a checkpoint tuned for chat");
  ChatOptions options;
  options.add_generation_prompt = open_answer;
  options.bos_token = tokenizer().bos_token();
  options.eos_token = tokenizer().eos_token();
  return files_->chat_template->render(messages, options);
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
  return own_->complete(out + text.substr(from), tokenizer().bos_token());
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

TokenPrompt LanguageModel::tokenize(const std::string& text, const std::vector<PreparedInput>& inputs,
                                    bool add_special_tokens) const {
  TokenPrompt prompt;
  prompt.ids = tokenizer().encode(text, add_special_tokens);
  place_inputs(inputs, prompt);
  const auto vocabulary = static_cast<std::int32_t>(decoder_->config().vocab_size);
  for (std::size_t i = 0; i < prompt.ids.size(); ++i) {
    const std::int32_t id = prompt.ids[i];
    const bool embedded = std::binary_search(prompt.embedded.begin(), prompt.embedded.end(), static_cast<std::int64_t>(i));
    if (!embedded && (id < 0 || id >= vocabulary))
      throw InputError(path().string() + ": the tokenizer gives id " + std::to_string(id) + ", but the model has " +
                       std::to_string(vocabulary) + " embeddings");
  }
  return prompt;
}

void LanguageModel::place_inputs(const std::vector<PreparedInput>& inputs, TokenPrompt& prompt) const {
  std::map<std::int32_t, std::size_t> cursor;  // where to go on, for each placeholder
  std::vector<std::int64_t> positions;         // of the rows of all inputs, one after the other
  for (const PreparedInput& input : inputs) {
    const auto& modality = modalities_.at(input.modality);
    const std::int64_t count = modality->token_count(*input.prepared);
    if (count == 0) continue;
    const std::int32_t placeholder = *tokenizer().token_to_id(modality->placeholder());
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
      throw InputError("the prompt holds more '" + tokenizer().id_to_token(placeholder) + "' than its inputs have embeddings");
  prompt.row_order.resize(positions.size());
  std::iota(prompt.row_order.begin(), prompt.row_order.end(), 0);
  std::sort(prompt.row_order.begin(), prompt.row_order.end(), [&](std::int64_t a, std::int64_t b) {
    return positions[static_cast<std::size_t>(a)] < positions[static_cast<std::size_t>(b)];
  });
  for (const std::int64_t row : prompt.row_order) prompt.embedded.push_back(positions[static_cast<std::size_t>(row)]);
}

bool LanguageModel::encodes_anew(const std::shared_ptr<const ActiveMix>& mix) const {
  return mix && !mix->answer_only && changes_encoding(*mix);
}

bool LanguageModel::changes_encoding(const ActiveMix& mix) const {
  return std::any_of(mix.slots.begin() + static_cast<std::ptrdiff_t>(std::min(decoder_matrices_, mix.slots.size())),
                     mix.slots.end(), [](const auto& slot) { return slot.has_value(); });
}

TokenPrompt LanguageModel::under_mix(const TokenPrompt& prompt, const std::shared_ptr<const ActiveMix>& mix, Caches& caches) const {
  TokenPrompt out = prompt;
  if (!encodes_anew(mix)) {
    if (!out.embeddings.defined()) encode_inputs(out, nullptr, caches);
    return out;
  }
  encode_inputs(out, mix, caches);
  if (!out.inputs.empty()) out.embeddings_hash = sha256_hex(prompt.embeddings_hash + mix->content_hash);
  return out;
}

std::vector<TokenPrompt> LanguageModel::under_mix(std::span<const TokenPrompt> prompts, const std::shared_ptr<const ActiveMix>& mix,
                                                  Caches& caches) const {
  const std::shared_ptr<const ActiveMix> encoder = encodes_anew(mix) ? mix : nullptr;
  std::map<std::string, const EmbeddedInput*> missing;
  for (const TokenPrompt& prompt : prompts)
    for (const EmbeddedInput& input : prompt.inputs)
      if (encoder || !prompt.embeddings.defined()) missing.emplace(encoding_key(input, encoder), &input);
  std::erase_if(missing, [&](const auto& entry) { return caches.encodings.get(entry.first) != nullptr; });
  std::vector<const EmbeddedInput*> inputs;
  for (const auto& [key, input] : missing) inputs.push_back(input);
  const auto encode_one = [&](std::int64_t i) { encode(*inputs[static_cast<std::size_t>(i)], encoder, caches); };
  for_each_row(static_cast<std::int64_t>(inputs.size()), device().is_cpu(), encode_one);
  std::vector<TokenPrompt> out;
  for (const TokenPrompt& prompt : prompts) out.push_back(under_mix(prompt, mix, caches));
  return out;
}

std::string LanguageModel::encoding_key(const EmbeddedInput& input, const std::shared_ptr<const ActiveMix>& mix) const {
  return std::to_string(decoder_->id()) + "\n" + input.prepared->content_hash() + (mix ? mix->content_hash : std::string());
}

at::Tensor LanguageModel::encode(const EmbeddedInput& input, const std::shared_ptr<const ActiveMix>& mix, Caches& caches) const {
  if (mix && mix->requires_grad() && at::GradMode::is_enabled()) return encode_checked(input, mix);
  const std::string key = encoding_key(input, mix);
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
