// The mutable state of one batch in generation.
#pragma once

#include <memory>
#include <utility>

#include "modules/kv_cache.h"
#include "modules/linear.h"

namespace zlens {

// KV cache, positions (inside it) and the active mix. Not thread-safe; any number of contexts may use one model at once.
class Context {
 public:
  explicit Context(KvCache cache, std::shared_ptr<const ActiveMix> mix = nullptr)
      : cache_(std::move(cache)), mix_(std::move(mix)) {}

  KvCache& cache() { return cache_; }
  const KvCache& cache() const { return cache_; }

  // What the mix does to the matrix of `slot`; nullptr: nothing.
  const SlotChange* change(std::size_t slot) const;
  const std::shared_ptr<const ActiveMix>& mix() const { return mix_; }
  // From the next token on; what the cache holds stays as it was computed.
  void set_mix(std::shared_ptr<const ActiveMix> mix) { mix_ = std::move(mix); }

  // Keeps these rows of the cache and of the mix.
  void select_rows(const std::vector<std::int64_t>& rows);

 private:
  KvCache cache_;
  std::shared_ptr<const ActiveMix> mix_;
};

}  // namespace zlens
