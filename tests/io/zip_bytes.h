// Zip archives made by hand, as torch.save lays them out, with any field set wrong.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "io/safetensors_bytes.h"

namespace zlens::test {

inline std::uint32_t slow_crc32(const std::string& bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

struct ZipPart {
  std::string name, data;
  std::uint16_t flags = 0, method = 0;
  std::string extra, central_extra, comment;                    // extra: of the local header
  std::int64_t crc = -1, stored = -1, plain = -1, header = -1;  // of the directory; -1: the truth
  std::int64_t local_crc = -1, local_size = -1;
  std::string local_name;  // empty: the same
  std::uint16_t disk = 0;
  bool descriptor = false;
  std::string gap;  // bytes behind the entry
};

struct ZipEnd {
  std::int64_t entries = -1, bytes = -1, offset = -1;  // -1: the truth
  std::uint16_t disk = 0;
  std::string comment, before_directory, after_directory, tail;
};

inline std::string zip_bytes(const std::vector<ZipPart>& parts, const ZipEnd& end = {}) {
  const auto or_else = [](std::int64_t value, std::uint64_t truth) {
    return value < 0 ? truth : static_cast<std::uint64_t>(value);
  };
  const auto le = little_endian;
  std::string out, directory;
  for (const ZipPart& part : parts) {
    const std::uint64_t header = out.size(), crc = slow_crc32(part.data), size = part.data.size();
    const std::uint16_t flags = static_cast<std::uint16_t>(part.flags | (part.descriptor ? 8 : 0));
    const std::string local_name = part.local_name.empty() ? part.name : part.local_name;
    out += le(0x04034b50, 4) + le(20, 2) + le(flags, 2) + le(part.method, 2) + le(0, 4);
    out += le(part.descriptor ? 0 : or_else(part.local_crc, crc), 4);
    for (int i = 0; i < 2; ++i) out += le(part.descriptor ? 0 : or_else(part.local_size, size), 4);
    out += le(local_name.size(), 2) + le(part.extra.size(), 2) + local_name + part.extra + part.data;
    if (part.descriptor) out += le(0x08074b50, 4) + le(crc, 4) + le(size, 4) + le(size, 4);
    out += part.gap;
    directory += le(0x02014b50, 4) + le(20, 2) + le(20, 2) + le(flags, 2) + le(part.method, 2) + le(0, 4);
    directory += le(or_else(part.crc, crc), 4) + le(or_else(part.stored, size), 4) + le(or_else(part.plain, size), 4);
    directory += le(part.name.size(), 2) + le(part.central_extra.size(), 2) + le(part.comment.size(), 2) + le(part.disk, 2);
    directory += le(0, 2) + le(0, 4) + le(or_else(part.header, header), 4) + part.name + part.central_extra + part.comment;
  }
  out += end.before_directory;
  const std::uint64_t offset = out.size();
  out += directory + end.after_directory + le(0x06054b50, 4) + le(end.disk, 2) + le(0, 2);
  for (int i = 0; i < 2; ++i) out += le(or_else(end.entries, parts.size()), 2);
  out += le(or_else(end.bytes, directory.size()), 4) + le(or_else(end.offset, offset), 4);
  return out + le(end.comment.size(), 2) + end.comment + end.tail;
}

}  // namespace zlens::test
