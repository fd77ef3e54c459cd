// What the processor can do.
#pragma once

namespace zlens::kernels {

// AVX-512 with BF16 dot products (Zen 4, Cooper Lake, Sapphire Rapids and later).
bool processor_has_bf16();

// True where two multiply-adds of floats take less time than a dot product of BF16 pairs. bench/linear_costs, multiply-adds a
// nanosecond on two cores: a Xeon of 2.3 GHz 73 with pairs against 130 in float, Zen 5 505 against 103. Told by the maker alone.
bool processor_prefers_floats();

}  // namespace zlens::kernels
