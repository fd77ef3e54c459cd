#include "train/live_weights.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/error.h"

namespace zlens {

Parameters weights_of(const LanguageModel& model) {
  StateDict files = model.weights_fp32();
  Parameters out;
  for (const std::string& name : files.names()) out[name] = files.take(name, files.shape(name)).clone();
  return out;
}

LiveWeights::LiveWeights(std::shared_ptr<const LanguageModel> model, const Parameters& weights,
                         const std::vector<std::string>& trained)
    : model_(std::move(model)) {
  std::vector<bool> used(trained.size(), false);
  for (const auto& [name, value] : weights) {
    const auto fits =
        std::find_if(trained.begin(), trained.end(), [&](const std::string& start) { return name.starts_with(start); });
    if (fits != trained.end()) used[static_cast<std::size_t>(fits - trained.begin())] = true;
    if (trained.empty() || fits != trained.end()) {
      masters_[name] = value.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    } else {
      frozen_[name] = value.to(model_->dtype());
    }
  }
  for (std::size_t i = 0; i < trained.size(); ++i)
    if (!used[i]) throw InputError("no weight of " + model_->path().string() + " begins with '" + trained[i] + "'");
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
