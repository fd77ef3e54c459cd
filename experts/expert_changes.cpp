#include "experts/expert_changes.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include "experts/delta_weight.h"
#include "experts/factors.h"
#include "text/model.h"

namespace zlens {
namespace {

constexpr std::array<std::string_view, 7> kOrder = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};

std::size_t kind_order(const std::string& kind) {
  const std::string_view last = std::string_view(kind).substr(kind.rfind('.') + 1);
  return static_cast<std::size_t>(std::find(kOrder.begin(), kOrder.end(), last) - kOrder.begin());
}

double frobenius(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

// ‖B A‖² = sum of (BᵀB) ∘ (A Aᵀ): r x r instead of M x N.
double lora_norm(const Matrix& a, const Matrix& b) {
  const auto tensor = [](const Matrix& m) {
    return at::tensor(at::ArrayRef<float>(m.values)).view({m.rows, m.columns}).to(at::kDouble);
  };
  const at::Tensor down = tensor(a), up = tensor(b);
  const at::Tensor grams = at::matmul(up.t(), up) * at::matmul(down, down.t());
  return std::sqrt(std::max(0.0, grams.sum().item<double>()));
}

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

// Reads the weights of the matrices without z, in one pass over the checkpoint.
void relative_to_weights(std::vector<MatrixChange>& changes, const LanguageModel& model) {
  std::map<std::string, MatrixChange*> open;
  std::vector<std::string> names;
  for (MatrixChange& change : changes) {
    if (change.relative) continue;
    open[change.name] = &change;
    names.push_back(change.name);
  }
  if (names.empty()) return;
  model.for_each_matrix_fp32(names, [&](const std::string& name, const at::Tensor& weight) {
    open.at(name)->relative = ratio(open.at(name)->norm, weight.norm().item<double>());
  });
}

std::vector<float> magnitudes(const at::Tensor& values) {
  const at::Tensor out = values.abs().contiguous();
  return {out.const_data_ptr<float>(), out.const_data_ptr<float>() + out.numel()};
}

class Measure {
 public:
  Measure(const Expert& expert, FactorStore* factors) : expert_(expert), factors_(factors) {}

  MatrixChange of(const std::string& name) const {
    MatrixChange out{.name = name, .place = place_of(name)};
    count(out);
    if (expert_.z.contains(name)) measure_shift(out);
    if (factors_ != nullptr) {
      measure_with_base(out);
    } else {
      measure_alone(out);
    }
    return out;
  }

 private:
  void count(MatrixChange& out) const {
    const auto size = [&](const auto& parts) {
      const auto found = parts.find(out.name);
      if (found != parts.end()) out.parameters += static_cast<std::int64_t>(found->second.values.size());
    };
    if (const auto z = expert_.z.find(out.name); z != expert_.z.end())
      out.parameters += static_cast<std::int64_t>(z->second.size());
    size(expert_.lora_a);
    size(expert_.lora_b);
    size(expert_.xs);
  }

  void measure_shift(MatrixChange& out) const {
    const at::Tensor shift = shift_of(expert_, out.name);
    out.largest_shift = shift.abs().max().item<double>();
    out.profile = magnitudes(shift);
  }

  void measure_alone(MatrixChange& out) const {
    if (expert_.z.contains(out.name)) {
      out.norm = frobenius(out.profile);
    } else if (const auto a = expert_.lora_a.find(out.name); a != expert_.lora_a.end()) {
      out.norm = lora_norm(a->second, expert_.lora_b.at(out.name));
    } else {
      out.norm = frobenius(expert_.xs.at(out.name).values);  // U_k and V_k are orthonormal
    }
  }

  void measure_with_base(MatrixChange& out) const {
    const bool z = expert_.z.contains(out.name), low_rank = expert_.lora_a.contains(out.name) || expert_.xs.contains(out.name);
    if (z) {
      const Factors factors = factors_->exact(out.name);
      const at::Tensor change = factors.s * shift_of(expert_, out.name);
      const double largest = factors.s.max().item<double>();
      if (largest > 0) out.profile = magnitudes(change / largest);
      out.norm = (low_rank ? delta_weight(expert_, out.name, factors) : change).norm().item<double>();
      out.relative = ratio(out.norm, factors.s.norm().item<double>());
    } else {
      measure_alone(out);  // relative_to_weights() does the rest
    }
  }

  const Expert& expert_;
  FactorStore* factors_;
};

}  // namespace

MatrixPlace place_of(const std::string& name) {
  constexpr std::string_view mark = "layers.";
  const std::size_t at = name.find(mark);
  const std::size_t begin = at == std::string::npos ? name.size() : at + mark.size();
  const std::size_t end = std::min(name.find('.', begin), name.size());
  const std::string digits = name.substr(begin, end - begin);
  const bool number = !digits.empty() && digits.size() <= 6 && digits.find_first_not_of("0123456789") == std::string::npos;
  if (!number || end == name.size()) return {name, -1};
  return {name.substr(end + 1), std::stoll(digits)};
}

std::vector<MatrixChange> changes_of(const Expert& expert, FactorStore* factors) {
  if (factors != nullptr) check_fits(expert, *factors);
  std::set<std::string> names;
  for (const auto& [name, z] : expert.z) names.insert(name);
  for (const auto* parts : {&expert.lora_a, &expert.xs})
    for (const auto& [name, matrix] : *parts) names.insert(name);
  const Measure measure(expert, factors);
  std::vector<MatrixChange> out;
  for (const std::string& name : names) out.push_back(measure.of(name));
  if (factors != nullptr) relative_to_weights(out, factors->model());
  std::stable_sort(out.begin(), out.end(), [](const MatrixChange& a, const MatrixChange& b) {
    return std::tuple(a.place.layer, kind_order(a.place.kind)) < std::tuple(b.place.layer, kind_order(b.place.kind));
  });
  return out;
}

}  // namespace zlens
