// What the processor can do.
#pragma once

namespace zlens::kernels {

// AVX-512 with BF16 dot products (Zen 4, Cooper Lake, Sapphire Rapids and later).
bool processor_has_bf16();

}  // namespace zlens::kernels
