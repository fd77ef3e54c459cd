// Whole tiny models: a decoder fixture with a byte-level tokenizer, as a Hugging Face folder.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "text/model.h"

namespace zlens {

// Weight `name` (canonical, without ".weight") -> what the folder gets instead.
using ChangeWeight = std::function<at::Tensor(const std::string& name, const at::Tensor& weight)>;

// Writes the fixture's config and weights into `folder` beside a tokenizer that maps printable ASCII to ids 3 … and has <s>, </s>
// and <media> as 0, 1, 2, and a chat template that prints the contents line by line.
void write_model_folder(const std::string& fixture, const std::filesystem::path& folder, const ChangeWeight& change = {});

// The same, loaded in float32.
std::shared_ptr<LanguageModel> load_model_fixture(const std::string& fixture, const std::filesystem::path& folder,
                                                  const ChangeWeight& change = {});

}  // namespace zlens
