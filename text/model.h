// A checkpoint, ready to answer: decoder, tokenizer, chat template and the modalities attached to it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "modules/modality.h"
#include "modules/state_dict.h"
#include "text/decoder.h"
#include "text/generate.h"
#include "text/model_files.h"

namespace zlens {

struct LoadOptions {
  at::ScalarType dtype = at::ScalarType::BFloat16;
  at::Device device = at::kCPU;
  const FamilyRegistry* families = nullptr;  // of vision-language models; nullptr: language models alone are known
  // Makes the weights that the folder's own files would hold: training from scratch needs no checkpoint. May be empty.
  StateDict::Maker make_weight;
  // Where a language model is that a folder borrows (ModelFilesOptions).
  std::function<std::filesystem::path(const std::string& name)> find_language_model;
};

// One prepared input of a modality, under the modality's name.
struct PreparedInput {
  std::string modality;
  std::shared_ptr<const Prepared> prepared;
};

// Immutable after loading but for `attach`, which must come before the first use; then safe to share between threads.
class LanguageModel {
 public:
  // A Hugging Face folder or a .gguf file. Throws InputError naming file and reason.
  static std::shared_ptr<LanguageModel> load(const std::filesystem::path& path, const LoadOptions& options);

  // The same model with other weights, which are made by canonical name and shape; those that require grad get gradients from
  // whatever the new model computes with gradients enabled.
  std::shared_ptr<LanguageModel> with_weights(const StateDict::Maker& make) const;

  // Gives the model a modality under a name. Throws InputError where its placeholder is not in the vocabulary.
  void attach(const std::string& name, std::shared_ptr<const Modality> modality);
  const std::map<std::string, std::shared_ptr<const Modality>>& modalities() const { return modalities_; }
  // The modality that the checkpoint itself brings ("image" of a vision-language model): chat templates write its placeholder once
  // for every input. nullptr: none.
  const Modality* own_modality() const { return own_.get(); }
  static constexpr const char* kOwnModality = "image";  // its name

  // Chat messages to prompt text, through the checkpoint's template; `open_answer`: with what opens the answer. Throws InputError
  // where it has none.
  std::string render(const OrderedJson& messages, bool open_answer = true) const;
  // What the family's published processor gives for the inputs of one prompt, by its names, contiguous on the CPU: for parity
  // checks.
  std::map<std::string, at::Tensor> processed(const std::vector<PreparedInput>& inputs) const;
  // A rendered or raw prompt with every placeholder of the own modality expanded to what stands for its input, as the family's
  // processor completes it. Throws InputError where placeholders and inputs differ in number.
  PromptText expand(const std::string& text, const std::vector<PreparedInput>& inputs) const;
  bool has_chat_template() const { return files_->chat_template != nullptr; }

  // Prompt text to tokens; `add_special_tokens`: with the tokenizer's own, else the text brings its own. The placeholders of
  // `inputs` in the text are known from here on; their embeddings come from `under_mix`. Throws InputError where their number
  // differs from what the text holds.
  TokenPrompt tokenize(const std::string& text, const std::vector<PreparedInput>& inputs, bool add_special_tokens = false) const;

  // The prompt with the embeddings of its inputs as they are under a mix of one row, nullptr for the base: the base's where the mix
  // changes no matrix of the own modality. Differentiable in the mix where gradients are wanted; cached where not.
  TokenPrompt under_mix(const TokenPrompt& prompt, const std::shared_ptr<const ActiveMix>& mix, Caches& caches) const;
  // The same for a batch: what is not cached is encoded on all threads, an input on each.
  std::vector<TokenPrompt> under_mix(std::span<const TokenPrompt> prompts, const std::shared_ptr<const ActiveMix>& mix,
                                     Caches& caches) const;
  // True where a mix changes what the own modality encodes.
  bool changes_encoding(const ActiveMix& mix) const;

  const Decoder& decoder() const { return *decoder_; }
  const Tokenizer& tokenizer() const { return *files_->tokenizer; }
  const AdaptableMatrices& matrices() const { return matrices_; }
  // The checkpoint's tensors once more, in float32 as the file has them whatever the compute dtype.
  StateDict weights_fp32() const { return files_->weights(at::kFloat); }
  // Calls `body` with matrix after matrix of `names` in float32, as the file has it whatever the compute dtype.
  void for_each_matrix_fp32(const std::vector<std::string>& names,
                            const std::function<void(const std::string& name, const at::Tensor& weight)>& body) const;

  const std::vector<std::int32_t>& stop_ids() const { return files_->stop_ids; }
  const std::filesystem::path& path() const { return files_->path; }
  at::ScalarType dtype() const { return dtype_; }
  at::Device device() const { return decoder_->kv_shape().device; }
  const std::string& model_type() const { return files_->model_type; }
  // In front of the decoder's matrices: "model", of a vision-language model "model.language_model".
  const std::string& decoder_name() const { return files_->decoder_name; }

  // Identity of the files as loaded (names, sizes, times): a key for what is derived from them on this machine.
  const std::string& files_identity() const { return files_->identity; }
  const ModelFamily* family() const { return files_->family ? &*files_->family : nullptr; }  // nullptr: a language model alone
  const Json& config_json() const { return files_->json; }                                   // null for a GGUF file
  // The name of the language model whose decoder it borrows; empty: it has its own.
  const std::string& language_model() const { return files_->language_model; }

 private:
  LanguageModel() = default;
  LanguageModel(const LanguageModel&) = default;
  void build(StateDict& weights);
  void check_placeholder(const std::string& name, const Modality& modality) const;
  void place_inputs(const std::vector<PreparedInput>& inputs, TokenPrompt& prompt) const;
  // Embeddings [token_count, D] of one input under a mix (nullptr: the base), from the cache or its modality. Throws Error where
  // the modality breaks its promise.
  at::Tensor encode(const EmbeddedInput& input, const std::shared_ptr<const ActiveMix>& mix, Caches& caches) const;
  bool encodes_anew(const std::shared_ptr<const ActiveMix>& mix) const;
  std::string encoding_key(const EmbeddedInput& input, const std::shared_ptr<const ActiveMix>& mix) const;
  void encode_inputs(TokenPrompt& prompt, const std::shared_ptr<const ActiveMix>& mix, Caches& caches) const;

  std::shared_ptr<const ModelFiles> files_;
  at::ScalarType dtype_ = at::ScalarType::Float;
  AdaptableMatrices matrices_;
  std::shared_ptr<const Decoder> decoder_;
  std::map<std::string, std::shared_ptr<const Modality>> modalities_;
  std::shared_ptr<const Modality> own_;
  std::size_t decoder_matrices_ = 0;  // the first of matrices_: those behind are the own modality's
};

}  // namespace zlens
