// Matrix products panel by panel: what many_rows makes of tensors. For processors with AVX-512 BF16. Internal to modules/.
#pragma once

#if defined(__x86_64__)

#include <cstdint>
#include <vector>

#include "modules/bf16_tile.h"

namespace zlens::kernels {

// Up to 16 outputs: what one register of a tile's rows holds.
struct Group {
  const Bf16* weight = nullptr;  // [count, N]; across: [N, count]
  const Bf16* bias = nullptr;    // [count] where there is one
  std::int64_t count = 0;
};

// Four groups of outputs of one matrix; or, gated, two of the gate and then the same two of what it is multiplied with.
struct Panel {
  Group groups[kTileRegisters];
  bool gated;
  Bf16* out;             // [rows, outputs], from the first of these outputs on
  std::int64_t outputs;  // of the whole matrix
};

struct Operands {
  const Bf16* x;  // [rows, stride]
  std::int64_t rows, width;
  std::int64_t stride;  // even: the last value of an odd row is followed by a zero
  std::int64_t across;  // 0: outputs are rows of the weight; else its row length, and outputs are its columns
  std::vector<Panel> panels;

  std::int64_t tiles() const { return (rows + kTileRows - 1) / kTileRows; }  // of a panel
};

// Computes all panels. Sums are in float, in the order of `width`, and rounded once; a row's result depends neither on the other
// rows nor on the number of threads.
void multiply_panels(const Operands& in);

}  // namespace zlens::kernels

#endif
