#include "support/model_folder.h"

#include <ATen/ATen.h>

#include <fstream>

#include "io/json.h"
#include "io/safetensors.h"
#include "support/checkpoint.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

Json added(int id, const char* content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

// Byte-level BPE without merges: every printable ASCII character is a token of its own.
Json tokenizer_json() {
  Json vocab = {{"<s>", 0}, {"</s>", 1}, {"<media>", 2}};
  int id = 3;
  for (char c = '!'; c <= '~'; ++c) vocab[std::string(1, c)] = id++;
  vocab["\xC4\xA0"] = id++;  // the space in the byte alphabet
  vocab["\xC4\x8A"] = id++;  // the newline
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", {added(0, "<s>"), added(1, "</s>"), added(2, "<media>")}},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}}},
          {"post_processor", nullptr},
          {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", vocab},
            {"merges", Json::array()}}}};
}

}  // namespace

void write_model_folder(const std::string& fixture, const fs::path& folder, const ChangeWeight& change) {
  const fs::path source = fs::path(ZLENS_FIXTURES) / "decoders" / fixture;
  fs::copy_file(source / "config.json", folder / "config.json", fs::copy_options::overwrite_existing);
  std::ofstream(folder / "tokenizer.json") << tokenizer_json().dump();
  const Json tokenizer_config = {
      {"bos_token", "<s>"}, {"eos_token", "</s>"}, {"chat_template", "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"}};
  std::ofstream(folder / "tokenizer_config.json") << tokenizer_config.dump();
  std::map<std::string, at::Tensor> tensors = read_tensors((source / "model.safetensors").string());
  std::vector<TensorToWrite> out;
  for (auto& [name, tensor] : tensors) {
    if (change && name.ends_with(".weight")) tensor = change(name.substr(0, name.size() - 7), tensor).contiguous();
    out.push_back(
        {name, Dtype::F32, tensor.sizes().vec(), {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}});
  }
  write_safetensors(folder / "model.safetensors", out, {{"format", "pt"}});
}

std::shared_ptr<LanguageModel> load_model_fixture(const std::string& fixture, const fs::path& folder, const ChangeWeight& change) {
  write_model_folder(fixture, folder, change);
  return LanguageModel::load(folder, {.dtype = at::kFloat});
}

}  // namespace zlens
