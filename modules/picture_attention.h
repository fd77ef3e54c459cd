// Attention in which every token sees every other: of vision towers.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace zlens {

// query, key and value [N, T, H*Dh] each -> softmax(q kᵀ / sqrt(Dh)) v, [N, T, H*Dh]. Differentiable. With a gradient the
// scores of one picture's heads are held at once, H T² numbers; without one, of some rows only.
at::Tensor picture_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, std::int64_t heads);

}  // namespace zlens
