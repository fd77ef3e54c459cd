// What a picture's embeddings are drawn to, where a tower is joined to a language model that stays as it is.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace zlens {

// A vector for every class of a label, and one for every place of a picture, which is added to it. float32. The language model's
// own embeddings of the classes' names are the first choice; learnt through it (PretrainOptions::learn_codes) are those from which
// it reads best.
struct LabelCodes {
  at::Tensor classes;  // [C, D]; undefined: none
  at::Tensor places;   // [N, D]; undefined: zeros

  bool defined() const { return classes.defined(); }
  // labels: of all places of one picture, then of the next. -> [labels.size(), D]. Throws InputError where they are not as many as
  // pictures of N places have.
  at::Tensor shown(const std::vector<std::int64_t>& labels) const;
};

// SHA-256 over all numbers.
std::string digest_of(const LabelCodes& codes);

// Atomic. A safetensors file of both tensors.
void write_label_codes(const std::filesystem::path& path, const LabelCodes& codes);

// Throws InputError where the file is not one of finite codes [classes, width].
LabelCodes read_label_codes(const std::filesystem::path& path, std::int64_t classes, std::int64_t width);

}  // namespace zlens
