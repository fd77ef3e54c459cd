// The printable alphabet of byte-level BPE: one character per byte.
#pragma once

#include <string>
#include <string_view>

namespace zlens {

// Every byte of `text` as its character.
std::string bytes_to_alphabet(std::string_view text);
// The bytes of `token`, appended to `out`; the token's own bytes where it has a character outside the alphabet.
void append_alphabet_bytes(std::string_view token, std::string& out);

}  // namespace zlens
