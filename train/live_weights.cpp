#include "train/live_weights.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/error.h"

namespace zlens {

LiveWeights::LiveWeights(std::shared_ptr<const LanguageModel> model, const Parameters& made,
                         const std::optional<std::vector<std::string>>& trained)
    : model_(std::move(model)) {
  const std::vector<std::string> starts = trained.value_or(std::vector{std::string()});
  std::vector<bool> used(starts.size(), false);
  const auto is_trained = [&](const std::string& name) {
    const auto fits = std::find_if(starts.begin(), starts.end(), [&](const std::string& start) { return name.starts_with(start); });
    if (fits != starts.end()) used[static_cast<std::size_t>(fits - starts.begin())] = true;
    return fits != starts.end();
  };
  StateDict files = model_->weights_fp32();
  // The model itself knows which weights it has: it is built once to name them.
  model_->with_weights([&](const std::string& name, at::IntArrayRef shape) {
    const auto found = made.find(name);
    const at::Tensor value = found != made.end() ? found->second : files.take(name, shape);
    if (is_trained(name)) {
      masters_[name] = value.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    } else {
      frozen_[name] = value.to(model_->dtype());
    }
    return value.to(model_->dtype());
  });
  for (std::size_t i = 0; i < starts.size(); ++i)
    if (!used[i]) throw InputError("no weight of " + model_->path().string() + " begins with '" + printable(starts[i]) + "'");
}

LiveWeights::Made LiveWeights::make(bool gradients) const {
  Made out;
  for (const auto& [name, master] : masters_)
    out.leaves[name] = master.detach().to(model_->dtype(), /*non_blocking=*/false, /*copy=*/true).requires_grad_(gradients);
  out.model = model_->with_weights([&](const std::string& name, at::IntArrayRef) {
    const auto trained = out.leaves.find(name);
    return trained != out.leaves.end() ? trained->second : frozen_.at(name);
  });
  return out;
}

}  // namespace zlens
