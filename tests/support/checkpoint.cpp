#include "support/checkpoint.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>

#include "io/json.h"
#include "io/safetensors.h"
#include "modules/dtype.h"
#include "modules/state_dict.h"

namespace zlens {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(ZLENS_FIXTURES) / "decoders";

}  // namespace

LoadedDecoder load_decoder_fixture(const std::string& name, at::ScalarType dtype, bool bidirectional_prompt) {
  DecoderConfig config = parse_decoder_config(read_json_file(kFolder / name / "config.json"), name);
  config.bidirectional_prompt = bidirectional_prompt;
  StateDict weights = state_dict_from_checkpoint(kFolder / name, dtype, [](const std::string& key) { return key; });
  LoadedDecoder out;
  out.decoder = std::make_unique<Decoder>(config, weights, out.matrices);
  weights.finish();
  return out;
}

std::vector<std::string> decoder_fixtures() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::map<std::string, at::Tensor> read_tensors(const std::string& path) {
  const auto file = Safetensors::open(path);
  std::map<std::string, at::Tensor> out;
  for (const auto& [name, info] : file->tensors()) {
    at::Tensor tensor = at::empty(info.shape, at::TensorOptions().dtype(torch_dtype(info.dtype)));
    const auto bytes = file->data(info);
    std::copy(bytes.begin(), bytes.end(), static_cast<std::byte*>(tensor.mutable_data_ptr()));
    out[name] = tensor;
  }
  return out;
}

std::map<std::string, at::Tensor> decoder_golden(const std::string& name) {
  return read_tensors((kFolder / name / "golden.safetensors").string());
}

std::vector<std::int32_t> ids_of(const at::Tensor& tensor, std::int64_t from, std::int64_t to) {
  const auto* data = tensor.const_data_ptr<std::int64_t>();
  return {data + from, data + to};
}

double max_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace zlens
