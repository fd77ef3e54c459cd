#include "experts/export_checkpoint.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "experts/delta_weight.h"
#include "experts/scope.h"
#include "io/atomic_file.h"
#include "io/atomic_folder.h"
#include "io/error.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "modules/dtype.h"
#include "modules/state_dict.h"
#include "text/model.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCopied[] = {"generation_config.json",
                                   "tokenizer.json",
                                   "tokenizer.model",
                                   "tokenizer_config.json",
                                   "vocab.json",
                                   "merges.txt",
                                   "special_tokens_map.json",
                                   "added_tokens.json",
                                   "chat_template.jinja",
                                   "preprocessor_config.json",
                                   "processor_config.json",
                                   "chat_template.json"};

std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

// Tensor names by shard, filled in order; a tensor larger than a shard has one of its own.
std::vector<std::vector<std::string>> plan_shards(const StateDict& weights, const ExportOptions& options) {
  const auto width = static_cast<std::int64_t>(dtype_size(file_dtype(options.dtype)));
  std::vector<std::vector<std::string>> shards(1);
  std::int64_t filled = 0;
  for (const std::string& name : weights.names()) {
    const std::int64_t bytes = element_count(weights.shape(name)) * width;
    if (filled > 0 && filled + bytes > options.shard_bytes) {
      shards.emplace_back();
      filled = 0;
    }
    shards.back().push_back(name);
    filled += bytes;
  }
  return shards;
}

std::string shard_name(std::size_t index, std::size_t count) {
  if (count == 1) return "model.safetensors";
  char text[64];
  std::snprintf(text, sizeof text, "model-%05zu-of-%05zu.safetensors", index + 1, count);
  return text;
}

class Exporter {
 public:
  Exporter(StateDict weights, const WeightChange& change, const ExportOptions& options)
      : change_(change), options_(options), weights_(std::move(weights)) {}

  void write(const fs::path& folder) {
    const auto shards = plan_shards(weights_, options_);
    Json places = Json::object();
    std::int64_t total = 0;
    for (std::size_t i = 0; i < shards.size(); ++i) {
      total += write_shard(folder / shard_name(i, shards.size()), shards[i]);
      for (const std::string& name : shards[i]) places[name] = shard_name(i, shards.size());
    }
    if (shards.size() == 1) return;
    const Json index = {{"metadata", {{"total_size", total}}}, {"weight_map", places}};
    write_file_atomically(folder / "model.safetensors.index.json", index.dump(2) + "\n");
  }

  at::ScalarType dtype() const { return options_.dtype; }

 private:
  at::Tensor tensor_of(const std::string& name) {
    return change_(name, weights_.take(name, weights_.shape(name))).to(options_.dtype).contiguous();
  }

  std::int64_t write_shard(const fs::path& path, const std::vector<std::string>& names) {
    std::vector<at::Tensor> tensors;
    std::vector<TensorToWrite> entries;
    std::int64_t bytes = 0;
    for (const std::string& name : names) {
      tensors.push_back(tensor_of(name));
      const at::Tensor& tensor = tensors.back();
      const std::span data(static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes());
      entries.push_back({name, file_dtype(options_.dtype), tensor.sizes().vec(), data});
      bytes += static_cast<std::int64_t>(data.size());
    }
    write_safetensors(path, entries, {{"format", "pt"}});
    return bytes;
  }

  const WeightChange& change_;
  const ExportOptions& options_;
  StateDict weights_;
};

std::string dtype_text(at::ScalarType dtype) {
  return dtype == at::kFloat ? "float32" : dtype == at::kHalf ? "float16" : "bfloat16";
}

void copy_settings(const fs::path& base, const fs::path& folder, at::ScalarType dtype) {
  Json config = read_json_file(base / "config.json");
  config[config.contains("dtype") ? "dtype" : "torch_dtype"] = dtype_text(dtype);
  write_file_atomically(folder / "config.json", config.dump(2) + "\n");
  for (const char* name : kCopied) {
    std::error_code ignored;
    if (fs::is_regular_file(base / name, ignored)) write_file_atomically(folder / name, read_text_file(base / name));
  }
}

void write_settings(const LanguageModel& model, const fs::path& folder, at::ScalarType dtype) {
  Json config = decoder_config_json(model.decoder().config());
  config["torch_dtype"] = dtype_text(dtype);
  Json generation = Json::object();
  if (config.contains("eos_token_id")) generation["eos_token_id"] = config["eos_token_id"];
  write_file_atomically(folder / "config.json", config.dump(2) + "\n");
  write_file_atomically(folder / "generation_config.json", generation.dump(2) + "\n");
}

void write_folder(const LanguageModel& model, Exporter exporter, const fs::path& out) {
  AtomicFolder folder(out);
  exporter.write(folder.path());
  if (model.path().extension() == ".gguf") {
    write_settings(model, folder.path(), exporter.dtype());
  } else {
    copy_settings(model.path(), folder.path(), exporter.dtype());
  }
  folder.commit();
}

bool is_of_decoder(const std::string& name, const LanguageModel& model) {
  return name.starts_with(model.decoder_name() + ".") || name.starts_with("lm_head.");
}

Matrix to_matrix(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kFloat).contiguous();
  return {values.size(0), values.size(1), {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()}};
}

}  // namespace

void export_checkpoint(const Expert& expert, FactorStore& factors, const fs::path& out, const ExportOptions& options) {
  check_fits(expert, factors);
  if (acts_on_answer_only(expert))
    throw InputError("expert '" + expert.name + "' acts on the answer only (scope answer): weights cannot say so");
  const auto changed = [&](const std::string& name, const at::Tensor& tensor) {
    const std::string matrix = name.ends_with(".weight") ? name.substr(0, name.size() - 7) : name;
    if (!changes_matrix(expert, matrix)) return tensor;
    return tensor + delta_weight(expert, matrix, needs_factors(expert, matrix) ? factors.exact(matrix) : Factors{});
  };
  export_checkpoint(factors.model(), changed, out, options);
}

void export_checkpoint(const LanguageModel& model, const WeightChange& change, const fs::path& out, const ExportOptions& options) {
  if (!model.language_model().empty())
    throw InputError(model.path().string() + ": borrows its language model '" + model.language_model() +
                     "', so there is no checkpoint to export; export that model");
  write_folder(model, Exporter(model.weights_fp32(), change, options), out);
}

void export_weights(const LanguageModel& model, const std::map<std::string, at::Tensor>& weights, const fs::path& out,
                    const ExportOptions& options) {
  StateDict dict(model.path().string(), at::kFloat);
  for (const auto& [name, value] : weights) {
    if (!model.language_model().empty() && is_of_decoder(name, model)) continue;
    dict.add(name, value.sizes().vec(), [value](at::ScalarType dtype) { return value.to(dtype); });
  }
  if (const ModelFamily* family = model.family(); family && family->unused) {
    for (const auto& [name, value] : family->unused(model.config_json()))
      if (!weights.contains(name)) dict.add(name, value.sizes().vec(), [value](at::ScalarType dtype) { return value.to(dtype); });
  }
  const WeightChange unchanged = [](const std::string&, const at::Tensor& tensor) { return tensor; };
  write_folder(model, Exporter(std::move(dict), unchanged, options), out);
}

Expert with_lora_for_xs(const Expert& expert, FactorStore& factors) {
  check_fits(expert, factors);
  Expert out = expert;
  out.xs.clear();
  for (const auto& [name, x] : expert.xs) {
    const Factors exact = factors.exact(name);
    const at::Tensor inner = at::tensor(at::ArrayRef<float>(x.values)).view({x.rows, x.columns});
    out.lora_a[name] = to_matrix(exact.vt.slice(0, 0, x.rows));
    out.lora_b[name] = to_matrix(at::matmul(exact.u.slice(1, 0, x.rows), inner));
  }
  return out;
}

}  // namespace zlens
