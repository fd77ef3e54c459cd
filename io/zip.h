// Zip archives as torch.save writes them: stored entries, one after the other. Free of decompression.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace zlens {

// The contents of every entry by name: views into `file`, whose name for errors is `subject`.
// Throws InputError "<subject>: …" unless every byte of the file has its place: entries from byte 0 on without gaps or overlaps,
// then the directory, then its end without a comment; local headers and directory agree; entries stored, not compressed or
// encrypted; checksums (CRC-32) right; at most 10^5 entries with plain relative names of up to 512 bytes. Zip64 is understood.
std::map<std::string, std::span<const std::byte>> parse_zip(std::span<const std::byte> file, std::string_view subject);

}  // namespace zlens
