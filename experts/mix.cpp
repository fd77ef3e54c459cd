#include "experts/mix.h"

#include <ATen/ATen.h>

#include <map>

#include "io/error.h"
#include "io/sha256.h"
#include "text/model.h"

namespace zlens {
namespace {

void check_base(const Expert& expert, const FactorStore& factors) {
  if (expert.base != factors.base_hash())
    throw InputError("expert '" + expert.name + "' was made for base " + expert.base + ", but the model is base " +
                     factors.base_hash());
}

// sum of weight (z - 1), by matrix.
std::map<std::string, at::Tensor> summed_shifts(const Mix& mix, const FactorStore& factors) {
  std::map<std::string, at::Tensor> shifts;
  for (const auto& [expert, weight] : mix) {
    check_base(*expert, factors);
    for (const auto& [name, z] : expert->z) {
      const auto rank = factors.rank(name), length = static_cast<std::int64_t>(z.size());
      if (length != rank)
        throw InputError("expert '" + expert->name + "': z of '" + name + "' has " + std::to_string(length) +
                         " values, the matrix has " + std::to_string(rank) + " singular values");
      const at::Tensor shift = (at::tensor(at::ArrayRef<float>(z)) - 1.0) * weight;
      const auto [entry, added] = shifts.emplace(name, shift);
      if (!added) entry->second = entry->second + shift;
    }
  }
  return shifts;
}

}  // namespace

std::shared_ptr<const ActiveMix> resolve(const Mix& mix, FactorStore& factors) {
  if (mix.empty()) return nullptr;
  const auto shifts = summed_shifts(mix, factors);
  auto active = std::make_shared<ActiveMix>();
  const AdaptableMatrices& matrices = factors.model().matrices();
  active->slots.resize(matrices.size());
  for (std::size_t slot = 0; slot < matrices.size(); ++slot) {
    const auto found = shifts.find(matrices[slot].name);
    if (found == shifts.end() || !found->second.any().item<bool>()) continue;
    const auto factored = factors.get(matrices[slot].name);
    active->slots[slot] = SlotDelta{factored, (factored->s * found->second.to(factored->s.device())).unsqueeze(0)};  // -> [1, R]
  }
  active->content_hash = sha256_hex(describe(mix).dump());
  return active;
}

Json describe(const Mix& mix) {
  Json out = Json::array();
  for (const auto& [expert, weight] : mix)
    out.push_back({{"expert", expert->name}, {"sha256", expert->sha256}, {"weight", weight}});
  return out;
}

}  // namespace zlens
