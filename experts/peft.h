// LoRA adapters in PEFT's format: a folder with adapter_config.json and adapter_model.safetensors. Free of torch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experts/expert.h"

namespace zlens {

// The lora_a and lora_b of an adapter, its scaling (alpha / r, or alpha / sqrt(r) with rslora; patterns of rank and alpha applied)
// folded into lora_b, and a record; name, description and base are the caller's. Throws InputError naming file and setting on
// whatever else an adapter may hold: DoRA, trained biases, modules_to_save, bases that were rewritten (PiSSA, OLoRA, …),
// embeddings, tensors that do not pair up, patterns that are more than names.
Expert read_peft(const std::filesystem::path& folder);

// Writes the low-rank parts of a LoRA expert as an adapter; `matrices` are all adaptable matrices of the base, `base_name` what the
// adapter says it is for (may be empty). Atomic. Throws InputError on an expert with z or LoRA-XS parts or of scope `answer`, or a
// folder that exists.
void write_peft(const std::filesystem::path& folder, const Expert& expert, const std::vector<std::string>& matrices,
                const std::string& base_name);

}  // namespace zlens
