// Reading integers out of untrusted bytes. Internal to vision/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace zlens {

// A span with checked access: what lies beyond the end reads as nothing, told apart by `has`.
class ImageBytes {
 public:
  explicit ImageBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  bool has(std::size_t at, std::size_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
  bool starts_with(std::string_view magic, std::size_t at = 0) const {
    return has(at, magic.size()) && std::memcmp(bytes_.data() + at, magic.data(), magic.size()) == 0;
  }
  std::span<const std::byte> slice(std::size_t at, std::size_t count) const {
    return has(at, count) ? bytes_.subspan(at, count) : std::span<const std::byte>();
  }

  // 0 where the bytes end before.
  std::uint32_t u8(std::size_t at) const { return has(at, 1) ? std::to_integer<std::uint32_t>(bytes_[at]) : 0; }
  std::uint32_t be16(std::size_t at) const { return u8(at) << 8 | u8(at + 1); }
  std::uint32_t be32(std::size_t at) const { return be16(at) << 16 | be16(at + 2); }
  std::uint32_t le16(std::size_t at) const { return u8(at + 1) << 8 | u8(at); }
  std::uint32_t le24(std::size_t at) const { return u8(at + 2) << 16 | le16(at); }
  std::uint32_t le32(std::size_t at) const { return le16(at + 2) << 16 | le16(at); }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace zlens
