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
class GgufReader {
 public:
  GgufReader(std::span<const std::byte> file, std::string_view subject) : file_(file), subject_(subject) {}

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

  std::string read_string(std::size_t limit, const char* what) {
    const auto length = read<std::uint64_t>(what);
    if (length > limit) fail(std::string(what) + " of " + std::to_string(length) + " bytes, the limit is " + std::to_string(limit));
    if (length > left()) fail(std::string("the file ends inside ") + what);
    std::string text(reinterpret_cast<const char*>(file_.data()) + offset_, static_cast<std::size_t>(length));
    offset_ += static_cast<std::size_t>(length);
    return text;
  }

 private:
  std::span<const std::byte> file_;
  std::string_view subject_;
  std::size_t offset_ = 0;
};

}  // namespace zlens
