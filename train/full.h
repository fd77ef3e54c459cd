// Method full: every number of the selected matrices is trained. What comes out is a checkpoint, not an expert.
#pragma once

#include <filesystem>
#include <memory>

#include "text/model.h"
#include "train/trainable.h"

namespace zlens {

// Masters in float32 as the checkpoint's files have them; the model computes with their rounding to its dtype. Embeddings, norms
// and biases stay as they are.
std::unique_ptr<Trainable> make_full(const LanguageModel& model, const MethodOptions& options);

// The trained values in a Hugging Face folder (experts/export_checkpoint.h), in the model's dtype.
void write_full(const LanguageModel& model, const Trainable& trained, const std::filesystem::path& out);

}  // namespace zlens
