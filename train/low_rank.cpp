#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <random>

#include "io/error.h"
#include "text/model.h"
#include "train/trainable_methods.h"

namespace zlens {
namespace {

Matrix to_matrix(const at::Tensor& x) {
  const at::Tensor values = x.detach().to(at::kCPU, at::kFloat).contiguous();
  return {values.size(0), values.size(1), {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()}};
}

void copy_matrix(const Expert& expert, const std::string& name, const std::map<std::string, Matrix>& from, const at::Tensor& to) {
  const c10::NoGradGuard no_grad;
  const auto found = from.find(name);
  if (found == from.end())
    throw InputError("expert '" + expert.name + "' does not change '" + name +
                     "' as this training does: choose the --method, --matrices and --layers that it was made with");
  const Matrix& matrix = found->second;
  if (matrix.rows != to.size(0) || matrix.columns != to.size(1))
    throw InputError("expert '" + expert.name + "': '" + name + "' is [" + std::to_string(matrix.rows) + ", " +
                     std::to_string(matrix.columns) + "], this training has [" + std::to_string(to.size(0)) + ", " +
                     std::to_string(to.size(1)) + "]: choose its --rank");
  to.copy_(at::tensor(at::ArrayRef<float>(matrix.values)).view(to.sizes()));
}

// What both methods share: which matrices, and how a pair (down, up) becomes a mix.
class LowRank : public Trainable {
 public:
  LowRank(FactorStore& factors, const MethodOptions& options) : model_(factors.model()) {
    for (const std::size_t slot : selected_slots(model_, options)) slots_.push_back(slot);
  }

  std::shared_ptr<ActiveMix> mix() const override {
    auto out = std::make_shared<ActiveMix>();
    out->slots.resize(model_.matrices().size());
    for (const std::size_t slot : slots_) {
      SlotChange change;
      change.adds.push_back(pair(slot));
      out->slots[slot] = std::move(change);
    }
    return out;
  }

 protected:
  // Differentiable, in the model's dtype.
  virtual LowRankAdd pair(std::size_t slot) const = 0;
  const std::string& name(std::size_t slot) const { return model_.matrices()[slot].name; }
  at::Tensor narrowed(const at::Tensor& x) const { return x.to(model_.dtype()); }
  at::Tensor constant(double value) const { return at::full({1}, value, at::TensorOptions().device(model_.device())); }

  const LanguageModel& model_;
  std::vector<std::size_t> slots_;
};

class LoraXs : public LowRank {
 public:
  LoraXs(FactorStore& factors, const MethodOptions& options) : LowRank(factors, options) {
    for (const std::size_t slot : slots_) {
      const auto whole = factors.get(name(slot));
      const std::int64_t rank = std::min(options.rank, whole->s.size(0));
      outer_[slot] = {whole->vt.slice(0, 0, rank).contiguous(), whole->u.slice(1, 0, rank).contiguous()};
      parameters_["xs/" + name(slot)] = at::zeros({rank, rank}, whole->s.options()).requires_grad_();
    }
  }

  void store(Expert& expert) const override {
    for (const std::size_t slot : slots_) expert.xs[name(slot)] = to_matrix(parameters_.at("xs/" + name(slot)));
  }
  void load(const Expert& expert) override {
    check_parts(expert);
    for (const std::size_t slot : slots_) copy_matrix(expert, name(slot), expert.xs, parameters_.at("xs/" + name(slot)));
  }

 private:
  LowRankAdd pair(std::size_t slot) const override {
    const auto& [down, up] = outer_.at(slot);
    return {down, at::matmul(up, narrowed(parameters_.at("xs/" + name(slot)))), constant(1)};
  }

  std::map<std::size_t, std::pair<at::Tensor, at::Tensor>> outer_;  // V_kᵀ [k, N], U_k [M, k]
};

// Uniform in [-bound, bound], the same on every platform.
at::Tensor uniform(std::int64_t rows, std::int64_t columns, double bound, std::mt19937_64& stream) {
  at::Tensor out = at::empty({rows, columns});
  float* values = out.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i)
    values[i] = static_cast<float>((2 * static_cast<double>(stream() >> 11) * 0x1p-53 - 1) * bound);
  return out;
}

class Lora : public LowRank {
 public:
  Lora(FactorStore& factors, const MethodOptions& options)
      : LowRank(factors, options), scale_(options.lora_alpha / static_cast<double>(options.rank)) {
    std::mt19937_64 stream(options.seed);
    for (const std::size_t slot : slots_) {
      const at::Tensor& w = model_.matrices()[slot].weight;
      // PEFT's start: A Kaiming-uniform with a = sqrt(5), so within 1 / sqrt(N); B zero.
      const double bound = 1 / std::sqrt(static_cast<double>(w.size(1)));
      parameters_["lora_a/" + name(slot)] = uniform(options.rank, w.size(1), bound, stream).to(w.device()).requires_grad_();
      parameters_["lora_b/" + name(slot)] =
          at::zeros({w.size(0), options.rank}, at::TensorOptions().device(w.device())).requires_grad_();
    }
  }

  // alpha / r is folded into B: an expert file's y += B (A x).
  void store(Expert& expert) const override {
    for (const std::size_t slot : slots_) {
      expert.lora_a[name(slot)] = to_matrix(parameters_.at("lora_a/" + name(slot)));
      expert.lora_b[name(slot)] = to_matrix(parameters_.at("lora_b/" + name(slot)) * scale_);
    }
  }
  void load(const Expert& expert) override {
    const c10::NoGradGuard no_grad;
    check_parts(expert);
    for (const std::size_t slot : slots_) {
      copy_matrix(expert, name(slot), expert.lora_a, parameters_.at("lora_a/" + name(slot)));
      copy_matrix(expert, name(slot), expert.lora_b, parameters_.at("lora_b/" + name(slot)));
      parameters_.at("lora_b/" + name(slot)).div_(scale_);
    }
  }

 private:
  LowRankAdd pair(std::size_t slot) const override {
    return {narrowed(parameters_.at("lora_a/" + name(slot))), narrowed(parameters_.at("lora_b/" + name(slot))), constant(scale_)};
  }

  double scale_;
};

}  // namespace

std::unique_ptr<Trainable> make_lora_xs(FactorStore& factors, const MethodOptions& options) {
  return std::make_unique<LoraXs>(factors, options);
}

std::unique_ptr<Trainable> make_lora(FactorStore& factors, const MethodOptions& options) {
  return std::make_unique<Lora>(factors, options);
}

}  // namespace zlens
