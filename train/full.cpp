#include "train/full.h"

#include <ATen/ATen.h>

#include "experts/export_checkpoint.h"
#include "io/error.h"

namespace zlens {
namespace {

constexpr const char* kPrefix = "w/";

class Full : public Trainable {
 public:
  Full(const LanguageModel& model, const MethodOptions& options) : model_(model), slots_(selected_slots(model, options)) {
    std::vector<std::string> names;
    for (const std::size_t slot : slots_) names.push_back(model.matrices()[slot].name);
    model.for_each_matrix_fp32(names, [&](const std::string& name, const at::Tensor& weight) {
      parameters_[kPrefix + name] = weight.to(model.device(), at::kFloat, /*non_blocking=*/false, /*copy=*/true).requires_grad_();
    });
  }

  std::shared_ptr<ActiveMix> mix() const override {
    auto out = std::make_shared<ActiveMix>();
    out->slots.resize(model_.matrices().size());
    for (const std::size_t slot : slots_) {
      const at::Tensor& master = parameters_.at(kPrefix + model_.matrices()[slot].name);
      out->slots[slot] = SlotChange{.form = LinearForm::Merged, .merged = master.to(model_.dtype())};
    }
    return out;
  }

  void store(Expert&) const override { throw InputError("method full makes a checkpoint, not an expert"); }
  void load(const Expert& expert) override {
    throw InputError("expert '" + expert.name +
                     "' is no start for method full: 'zlens experts export' builds it into a checkpoint to start from");
  }

 private:
  const LanguageModel& model_;
  std::vector<std::size_t> slots_;
};

}  // namespace

std::unique_ptr<Trainable> make_full(const LanguageModel& model, const MethodOptions& options) {
  return std::make_unique<Full>(model, options);
}

void write_full(const LanguageModel& model, const Trainable& trained, const std::filesystem::path& out) {
  const auto change = [&](const std::string& name, const at::Tensor& tensor) {
    const std::string matrix = name.ends_with(".weight") ? name.substr(0, name.size() - 7) : name;
    const auto found = trained.parameters().find(kPrefix + matrix);
    return found == trained.parameters().end() ? tensor : found->second.detach().to(at::kCPU);
  };
  export_checkpoint(model, change, out, {.dtype = model.dtype()});
}

}  // namespace zlens
