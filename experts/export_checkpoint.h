// A base with an expert built into its weights, as a Hugging Face checkpoint.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "experts/expert.h"
#include "experts/factors.h"

namespace zlens {

struct ExportOptions {
  at::ScalarType dtype = at::ScalarType::BFloat16;  // of every tensor
  std::int64_t shard_bytes = 5'000'000'000;         // larger checkpoints are cut into shards with an index
};

// W' = W + U diag(S (z - 1)) Vᵀ (+ low-rank parts) in float32, rounded once to the dtype; all other tensors as the base has them.
// From a folder, the configuration, generation settings and tokenizer files come along; from a GGUF file config.json and
// generation_config.json are written from its metadata, and there is no tokenizer. Writes the folder whole or not at all; holds one
// shard in memory. Throws InputError where the expert does not fit or the folder exists.
void export_checkpoint(const Expert& expert, FactorStore& factors, const std::filesystem::path& out,
                       const ExportOptions& options = {});

// What the tensor `name` of a base becomes: the same, or another of its shape, both in float32.
using WeightChange = std::function<at::Tensor(const std::string& name, const at::Tensor& tensor)>;

// The same for any change.
void export_checkpoint(const LanguageModel& model, const WeightChange& change, const std::filesystem::path& out,
                       const ExportOptions& options = {});

// The settings of `model` with other weights: its whole list by canonical name, in float32. What it borrows stays borrowed.
void export_weights(const LanguageModel& model, const std::map<std::string, at::Tensor>& weights, const std::filesystem::path& out,
                    const ExportOptions& options = {});

// The same expert with its LoRA-XS parts as LoRA: A = V_kᵀ, B = U_k X.
Expert with_lora_for_xs(const Expert& expert, FactorStore& factors);

}  // namespace zlens
