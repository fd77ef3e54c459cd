#include "experts/reference_import.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "io/error.h"
#include "io/json.h"
#include "io/sha256.h"
#include "modules/dtype.h"
#include "text/model.h"

namespace zlens {
namespace {

constexpr std::string_view kList = "learnable_params_module_list.";

// The matrices that the reference adapts, in the order of its parameters.
std::vector<std::string> adapted_matrices(const LanguageModel& model) {
  std::vector<std::string> out;
  for (const AdaptableMatrix& matrix : model.matrices())
    if (matrix.name.find("mlp") != std::string::npos) out.push_back(matrix.name);
  return out;
}

// Tensor of the file -> matrix of the model.
std::map<std::string, std::string> matrices_by_tensor(const TorchFile& file, const LanguageModel& model) {
  const std::string subject = file.path().string();
  const std::vector<std::string> adapted = adapted_matrices(model);
  std::size_t listed = 0;
  for (const auto& [name, tensor] : file.tensors()) listed += name.starts_with(kList);
  if (listed > 0 && listed != adapted.size())
    throw InputError(subject + ": holds " + std::to_string(listed) + " vectors in a list, but the model has " +
                     std::to_string(adapted.size()) + " MLP matrices");
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i < listed; ++i) out[std::string(kList) + std::to_string(i)] = adapted[i];
  for (const auto& [name, tensor] : file.tensors()) {
    if (out.contains(name)) continue;
    const std::string matrix = name.ends_with(".weight") ? name.substr(0, name.size() - 7) : name;
    const auto& known = model.matrices();
    if (std::none_of(known.begin(), known.end(), [&](const AdaptableMatrix& one) { return one.name == matrix; }))
      throw InputError(subject + ": tensor '" + printable(name) + "' names no matrix of the model");
    out[name] = matrix;
  }
  if (out.empty()) throw InputError(subject + ": holds no tensor");
  return out;
}

std::vector<float> z_of(const std::vector<float>& p, const at::Tensor& s, const ReferenceOptions& options) {
  const at::Tensor mask = at::sigmoid(at::tensor(at::ArrayRef<float>(p))).to(at::kBFloat16).mul(options.max_mult).to(at::kDouble);
  at::Tensor z = mask;
  if (options.rescale) {
    const at::Tensor wide = s.to(at::kDouble);
    z = mask * (wide.sum() / (wide * mask).sum());
  }
  z = z.to(at::kFloat).contiguous();
  return {z.const_data_ptr<float>(), z.const_data_ptr<float>() + z.numel()};
}

}  // namespace

Expert import_reference(const TorchFile& file, FactorStore& factors, const ReferenceOptions& options) {
  if (!(options.max_mult > 0 && options.max_mult <= 100)) throw InputError("max_mult must lie between 0 and 100");
  Expert out;
  out.base = factors.base_hash();
  for (const auto& [tensor, matrix] : matrices_by_tensor(file, factors.model())) {
    const std::vector<std::int64_t>& shape = file.tensors().at(tensor).shape;
    const std::int64_t rank = factors.rank(matrix);
    if (shape != std::vector<std::int64_t>{rank})
      throw InputError(file.path().string() + ": '" + printable(tensor) + "' is " + shape_text(shape) + ", but '" + matrix +
                       "' has " + std::to_string(rank) + " singular values");
    const std::vector<float> p = file.values(tensor);
    if (!std::all_of(p.begin(), p.end(), [](float value) { return std::isfinite(value); }))
      throw InputError(file.path().string() + ": '" + printable(tensor) + "' holds a value that is not finite");
    out.z[matrix] = z_of(p, options.rescale ? factors.exact(matrix).s : at::Tensor(), options);
  }
  const auto bytes = MappedFile::open(file.path());
  Sha256 hash;
  hash.update(bytes->bytes());
  const Json source = {{"sha256", hash.hex()}, {"max_mult", options.max_mult}, {"rescale", options.rescale}};
  out.record = {{"method", "svf"}, {"matrices", "mlp"}, {"scope", "all"}, {"imported", source.dump()}};
  return out;
}

}  // namespace zlens
