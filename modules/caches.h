// What outlives a batch: bounded, thread-safe, keyed by full content hashes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>

#include "modules/kv_cache.h"
#include "modules/linear.h"
#include "modules/lru_cache.h"

namespace zlens {

// Passed beside the model to what may reuse work; shared between threads and contexts.
struct Caches {
  static constexpr std::size_t kMixBytes = std::size_t{1} << 30;

  explicit Caches(std::size_t prefix_bytes = std::size_t{512} << 20, std::size_t encoding_bytes = std::size_t{256} << 20,
                  std::size_t mix_bytes = kMixBytes)
      : prefixes(prefix_bytes), encodings(encoding_bytes), mixes(mix_bytes) {}

  LruCache<KvPrefix> prefixes;     // key: hash over model, mix and token ids
  LruCache<at::Tensor> encodings;  // key: model, Prepared::content_hash, mix
  LruCache<ActiveMix> mixes;       // key: model, ActiveMix::content_hash; those that cost time to build (merged, truncated)
};

}  // namespace zlens
