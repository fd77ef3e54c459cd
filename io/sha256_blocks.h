// The two ways to run SHA-256's compression; apart so that a test can compare them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zlens {

// Folds `count` blocks of 64 bytes at `data` into the 8 words of `state`.
using Sha256Blocks = void (*)(std::uint32_t* state, const std::uint8_t* data, std::size_t count);

void sha256_blocks_portable(std::uint32_t* state, const std::uint8_t* data, std::size_t count);

// The way through the processor's SHA instructions, or nullptr where it has none.
Sha256Blocks sha256_blocks_accelerated();

// FIPS 180-4, section 4.2.2.
extern const std::uint32_t kSha256Constants[64];

}  // namespace zlens
