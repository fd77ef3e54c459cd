// From ggml's quantised blocks to float32.
#pragma once

#include <cstddef>
#include <span>

#include "io/gguf.h"

namespace zlens {

struct BlockLayout {
  std::size_t values;  // of a block; 0 where the type is unknown
  std::size_t bytes;
};

BlockLayout block_layout(GgmlType type);

// Fills `out` (whole blocks) from the blocks at the start of `blocks`, which must hold as many. The arithmetic is float32 in a
// fixed order without fused operations, so that every machine gives the same bits. Thread-safe.
void dequantize_blocks(GgmlType type, std::span<const std::byte> blocks, std::span<float> out);

}  // namespace zlens
