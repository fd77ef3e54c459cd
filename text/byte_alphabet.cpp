#include "text/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "io/utf8.h"

namespace zlens {
namespace {

struct Alphabet {
  std::array<std::string, 256> characters;  // UTF-8, by byte
  std::array<std::int16_t, 512> bytes;      // by code point; -1 where it is not in the alphabet
};

// Printable Latin-1 stands for itself; the other bytes take the code points from 256 on, in order.
Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.bytes.fill(-1);
  char32_t spare = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    const char32_t point = printable ? static_cast<char32_t>(byte) : spare++;
    append_utf8(alphabet.characters[static_cast<std::size_t>(byte)], point);
    alphabet.bytes[point] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

const Alphabet& alphabet() {
  static const Alphabet shared = make_alphabet();
  return shared;
}

}  // namespace

std::string bytes_to_alphabet(std::string_view text) {
  const Alphabet& table = alphabet();
  std::string out;
  out.reserve(text.size() * 2);
  for (const char c : text) out += table.characters[static_cast<std::uint8_t>(c)];
  return out;
}

void append_alphabet_bytes(std::string_view token, std::string& out) {
  const Alphabet& table = alphabet();
  const std::size_t before = out.size();
  for (std::string_view rest = token; !rest.empty();) {
    const CodePoint point = decode_utf8(rest);
    rest.remove_prefix(point.length);
    if (point.value >= table.bytes.size() || table.bytes[point.value] < 0) {
      out.resize(before);
      out += token;
      return;
    }
    out.push_back(static_cast<char>(table.bytes[point.value]));
  }
}

}  // namespace zlens
