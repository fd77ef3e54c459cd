// A cursor over untrusted little-endian bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "io/error.h"

namespace zlens {

// Every read is checked against the bytes left and throws InputError naming file and byte. Not thread-safe.
class ByteReader {
 public:
  // Both views must outlive the reader; `offset` is at most the file's size.
  ByteReader(std::span<const std::byte> file, std::string_view subject, std::size_t offset = 0)
      : file_(file), subject_(subject), offset_(offset) {}

  std::size_t offset() const { return offset_; }
  std::size_t left() const { return file_.size() - offset_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(std::string(subject_) + ": byte " + std::to_string(offset_) + ": " + what);
  }

  template <typename T>
  T read(const char* what) {
    if (left() < sizeof(T)) fail(std::string("the file ends inside ") + what);
    T value;
    std::memcpy(&value, file_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    return value;
  }

  // The next `size` bytes, in place.
  std::string_view take(std::size_t size, const char* what) {
    if (size > left()) fail(std::string("the file ends inside ") + what);
    const std::string_view text(reinterpret_cast<const char*>(file_.data()) + offset_, size);
    offset_ += size;
    return text;
  }

  // Text behind its length in 64 bits.
  std::string read_string(std::size_t limit, const char* what) {
    const auto length = read<std::uint64_t>(what);
    if (length > limit) fail(std::string(what) + " of " + std::to_string(length) + " bytes, the limit is " + std::to_string(limit));
    return std::string(take(static_cast<std::size_t>(length), what));
  }

 private:
  std::span<const std::byte> file_;
  std::string_view subject_;
  std::size_t offset_;
};

}  // namespace zlens
