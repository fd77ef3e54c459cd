// What a checkpoint on disk holds, whether a Hugging Face folder, a GGUF file, or a folder that borrows its language model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "modules/model_family.h"
#include "modules/state_dict.h"
#include "text/chat_template.h"
#include "text/decoder_config.h"
#include "text/tokenizer.h"

namespace zlens {

struct ModelFiles {
  std::filesystem::path path;
  DecoderConfig decoder;
  Json json;                          // config.json; null for a GGUF file
  std::optional<ModelFamily> family;  // none: a language model alone
  std::string model_type;
  std::string decoder_name = "model";  // in front of the decoder's tensors
  std::string language_model;          // the name of the one whose decoder and tokenizer are borrowed; empty: none is
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatTemplate> chat_template;  // nullptr: there is none
  std::vector<std::int32_t> stop_ids;                 // any of them ends an answer
  std::string identity;                               // of the files as opened: names, sizes, times
  // Every tensor by canonical name, in the given dtype; read when it is taken.
  std::function<StateDict(at::ScalarType dtype)> weights;
};

struct ModelFilesOptions {
  const FamilyRegistry* families = nullptr;  // of vision-language models; nullptr: language models alone are known
  bool without_weights = false;              // the folder needs no *.safetensors: its weights are made elsewhere
  // Where the language model of that name is which a folder borrows: its config.json says "zlens_language_model": NAME, its own
  // tensors are those around the decoder, and the placeholder of its inputs is a token behind the borrowed vocabulary.
  std::function<std::filesystem::path(const std::string& name)> find_language_model;
};

// Throws InputError naming file and reason.
ModelFiles open_model_files(const std::filesystem::path& path, const ModelFilesOptions& options);

}  // namespace zlens
