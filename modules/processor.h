// What the processor can do.
#pragma once

namespace zlens::kernels {

// AVX-512 with BF16 dot products (Zen 4, Cooper Lake, Sapphire Rapids and later).
bool processor_has_bf16();

// True where two multiply-adds of floats take less time than a dot product of BF16 pairs: Intel's cores have half the rate of the
// former for the latter (measured on Sapphire Rapids), AMD's twice.
bool processor_prefers_floats();

}  // namespace zlens::kernels
