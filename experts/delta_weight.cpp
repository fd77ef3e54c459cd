#include "experts/delta_weight.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/error.h"
#include "modules/dtype.h"
#include "text/model.h"

namespace zlens {
namespace {

at::Tensor to_tensor(const Matrix& matrix) {
  return at::tensor(at::ArrayRef<float>(matrix.values)).view({matrix.rows, matrix.columns});
}

class Fit {
 public:
  Fit(const Expert& expert, const FactorStore& factors) : expert_(expert), factors_(factors) {}

  void check() const {
    if (expert_.base != factors_.base_hash())
      throw InputError("expert '" + expert_.name + "' was made for base " + expert_.base + ", but the model is base " +
                       factors_.base_hash());
    for (const auto& [name, z] : expert_.z) expect(name, "values of z", static_cast<std::int64_t>(z.size()), factors_.rank(name));
    for (const auto& [name, a] : expert_.lora_a) {
      expect(name, "columns of lora_a", a.columns, shape_of(name)[1]);
      expect(name, "rows of lora_b", expert_.lora_b.at(name).rows, shape_of(name)[0]);
    }
    for (const auto& [name, x] : expert_.xs)
      if (x.rows > factors_.rank(name)) expect(name, "rows of xs", x.rows, factors_.rank(name));
  }

 private:
  at::IntArrayRef shape_of(const std::string& name) const {
    factors_.rank(name);
    const auto& matrices = factors_.model().matrices();
    return std::find_if(matrices.begin(), matrices.end(), [&](const auto& one) { return one.name == name; })->weight.sizes();
  }

  void expect(const std::string& name, const char* what, std::int64_t found, std::int64_t wanted) const {
    if (found == wanted) return;
    throw InputError("expert '" + expert_.name + "' has " + std::to_string(found) + " " + what + " for '" + name +
                     "', which is a matrix " + shape_text(shape_of(name)) + " with " + std::to_string(factors_.rank(name)) +
                     " singular values");
  }

  const Expert& expert_;
  const FactorStore& factors_;
};

}  // namespace

bool changes_matrix(const Expert& expert, const std::string& name) {
  return needs_factors(expert, name) || expert.lora_a.contains(name);
}

bool needs_factors(const Expert& expert, const std::string& name) {
  return expert.z.contains(name) || expert.xs.contains(name);
}

void check_fits(const Expert& expert, const FactorStore& factors) {
  Fit(expert, factors).check();
}

at::Tensor shift_of(const Expert& expert, const std::string& name) {
  return at::tensor(at::ArrayRef<float>(expert.z.at(name))) - 1.0;
}

at::Tensor delta_weight(const Expert& expert, const std::string& name, const Factors& factors) {
  std::vector<at::Tensor> parts;
  if (expert.z.contains(name)) parts.push_back(at::matmul(factors.u * (factors.s * shift_of(expert, name)), factors.vt));
  if (const auto a = expert.lora_a.find(name); a != expert.lora_a.end())
    parts.push_back(at::matmul(to_tensor(expert.lora_b.at(name)), to_tensor(a->second)));
  if (const auto x = expert.xs.find(name); x != expert.xs.end()) {
    const std::int64_t rank = x->second.rows;
    parts.push_back(at::matmul(factors.u.slice(1, 0, rank), at::matmul(to_tensor(x->second), factors.vt.slice(0, 0, rank))));
  }
  at::Tensor sum = parts.at(0);
  for (std::size_t i = 1; i < parts.size(); ++i) sum = sum + parts[i];
  return sum;
}

}  // namespace zlens
