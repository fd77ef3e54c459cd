#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "io/error.h"
#include "text/model.h"
#include "train/trainable_methods.h"

namespace zlens {
namespace {

// p of z = 1 + p, kept instead of z: steps far below 1 lose no digits.
class Svf : public Trainable {
 public:
  Svf(FactorStore& factors, const MethodOptions& options, std::int64_t leading) : form_(options.form), trust_(options.trust) {
    const AdaptableMatrices& matrices = factors.model().matrices();
    slots_ = matrices.size();
    for (const std::size_t slot : selected_slots(factors.model(), options)) {
      Entry entry{matrices[slot].name, slot, factors.get(matrices[slot].name), {}};
      const std::int64_t rank = entry.whole->s.size(0), kept = leading > 0 ? std::min(leading, rank) : rank;
      entry.used = kept == rank ? entry.whole : leading_part(*entry.whole, kept);
      parameters_[kPrefix + entry.name] = at::zeros({kept}, entry.whole->s.options()).requires_grad_();
      entries_.push_back(std::move(entry));
    }
    if (form_ == LinearForm::Merged || (leading > 0 && form_ != LinearForm::Delta))
      throw InputError("this form of Linear cannot be trained: use delta" + std::string(leading > 0 ? "" : " or factored"));
  }

  std::shared_ptr<ActiveMix> mix() const override {
    auto out = std::make_shared<ActiveMix>();
    out->slots.resize(slots_);
    for (const Entry& entry : entries_) {
      const at::Tensor &p = parameters_.at(kPrefix + entry.name), &s = entry.used->s;
      SlotChange change{.form = form_, .factors = entry.used};
      change.scale = (form_ == LinearForm::Factored ? s + s * p : s * p).unsqueeze(0);  // -> [1, R]
      out->slots[entry.slot] = std::move(change);
    }
    return out;
  }

  void project() override {
    if (trust_ <= 0) return;
    const c10::NoGradGuard no_grad;
    for (const Entry& entry : entries_) {
      const at::Tensor& p = parameters_.at(kPrefix + entry.name);
      const double moved = (entry.used->s * p).norm().item<double>(), bound = trust_ * entry.whole->s.norm().item<double>();
      if (moved > bound) p.mul_(bound / moved);
    }
  }

  void store(Expert& expert) const override {
    for (const Entry& entry : entries_) {
      at::Tensor z = at::ones({entry.whole->s.size(0)});
      const at::Tensor p = parameters_.at(kPrefix + entry.name).detach().to(at::kCPU);
      z.slice(0, 0, p.size(0)).add_(p);
      expert.z[entry.name] = std::vector<float>(z.const_data_ptr<float>(), z.const_data_ptr<float>() + z.numel());
    }
  }

  void load(const Expert& expert) override {
    const c10::NoGradGuard no_grad;
    check_parts(expert);
    for (const Entry& entry : entries_) {
      const auto found = expert.z.find(entry.name);
      if (found == expert.z.end()) continue;
      if (static_cast<std::int64_t>(found->second.size()) != entry.whole->s.size(0))
        throw InputError("expert '" + expert.name + "': z of '" + entry.name + "' has " + std::to_string(found->second.size()) +
                         " values, the matrix has " + std::to_string(entry.whole->s.size(0)));
      at::Tensor& p = parameters_.at(kPrefix + entry.name);
      const at::Tensor shift = at::tensor(at::ArrayRef<float>(found->second)) - 1;
      if (shift.slice(0, p.size(0)).count_nonzero().item<std::int64_t>() > 0)
        throw InputError("expert '" + expert.name + "' scales singular values of '" + entry.name + "' behind the " +
                         std::to_string(p.size(0)) +
                         " leading ones, which this training keeps: choose a higher --rank or method svf");
      p.copy_(shift.slice(0, 0, p.size(0)));
    }
  }

 private:
  static constexpr const char* kPrefix = "z/";

  struct Entry {
    std::string name;
    std::size_t slot;
    std::shared_ptr<const Factors> whole, used;  // used: the leading part that is scaled
  };

  static std::shared_ptr<const Factors> leading_part(const Factors& whole, std::int64_t rank) {
    return std::make_shared<const Factors>(Factors{whole.u.slice(1, 0, rank).contiguous(), whole.s.slice(0, 0, rank).contiguous(),
                                                   whole.vt.slice(0, 0, rank).contiguous()});
  }

  std::vector<Entry> entries_;
  std::size_t slots_ = 0;
  LinearForm form_;
  double trust_;
};

}  // namespace

std::unique_ptr<Trainable> make_svf(FactorStore& factors, const MethodOptions& options) {
  return std::make_unique<Svf>(factors, options, 0);
}

std::unique_ptr<Trainable> make_svf_topk(FactorStore& factors, const MethodOptions& options) {
  return std::make_unique<Svf>(factors, options, options.rank);
}

}  // namespace zlens
