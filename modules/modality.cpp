#include "modules/modality.h"

#include <ATen/ATen.h>

namespace zlens {

const std::vector<Evidence>& Prepared::evidence() const {
  static const std::vector<Evidence> none;
  return none;
}

std::string Modality::placeholder() const {
  return {};
}

std::int64_t Modality::token_count(const Prepared&) const {
  return 0;
}

at::Tensor Modality::encode(const Prepared&, Context&) const {
  return at::empty({0, 0});
}

at::Tensor Modality::encode_all(const std::vector<const Prepared*>& inputs, Context& context) const {
  std::vector<at::Tensor> rows;
  for (const Prepared* input : inputs) rows.push_back(encode(*input, context));
  return rows.empty() ? at::empty({0, 0}) : at::cat(rows);
}

std::vector<std::filesystem::path> Modality::files(const RawInput& input) const {
  const auto* path = std::get_if<std::filesystem::path>(&input);
  return path ? std::vector{*path} : std::vector<std::filesystem::path>();
}

PromptText Modality::complete(std::string prompt, const std::string&) const {
  return {std::move(prompt), true};
}

std::map<std::string, at::Tensor> Modality::tensors(const std::vector<const Prepared*>&) const {
  return {};
}

}  // namespace zlens
