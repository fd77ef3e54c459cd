// GGUF files made by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace zlens::test {

// Collects metadata and float32 tensors; `bytes` is the file (version 3, alignment 32).
class GgufBytes {
 public:
  GgufBytes& text(const std::string& key, const std::string& value) { return entry(key, kString, string_of(value)); }
  GgufBytes& integer(const std::string& key, std::uint32_t value) { return entry(key, kU32, raw(value)); }
  GgufBytes& number(const std::string& key, float value) { return entry(key, kF32, raw(value)); }
  GgufBytes& texts(const std::string& key, const std::vector<std::string>& values) {
    std::string out = raw(kString) + raw(std::uint64_t{values.size()});
    for (const std::string& value : values) out += string_of(value);
    return entry(key, kArray, out);
  }
  GgufBytes& numbers(const std::string& key, const std::vector<float>& values) {
    std::string out = raw(kF32) + raw(std::uint64_t{values.size()});
    for (const float value : values) out += raw(value);
    return entry(key, kArray, out);
  }
  // `shape` is row-major; GGUF stores it reversed.
  GgufBytes& tensor(const std::string& name, std::span<const std::int64_t> shape, std::span<const float> values) {
    records_ += string_of(name) + raw(static_cast<std::uint32_t>(shape.size()));
    for (std::size_t i = shape.size(); i > 0; --i) records_ += raw(static_cast<std::uint64_t>(shape[i - 1]));
    records_ += raw(std::uint32_t{0}) + raw(std::uint64_t{data_.size()});
    data_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    pad(data_);
    ++tensors_;
    return *this;
  }

  std::string bytes() const {
    std::string out = "GGUF" + raw(std::uint32_t{3}) + raw(tensors_) + raw(keys_) + metadata_ + records_;
    pad(out);
    return out + data_;
  }

 private:
  // GGUF's codes of kinds.
  static constexpr std::uint32_t kU32 = 4, kF32 = 6, kString = 8, kArray = 9;

  template <typename T>
  static std::string raw(T value) {
    std::string out(sizeof value, '\0');
    std::memcpy(out.data(), &value, sizeof value);
    return out;
  }
  static std::string string_of(const std::string& value) { return raw(std::uint64_t{value.size()}) + value; }
  static void pad(std::string& out) { out.append((32 - out.size() % 32) % 32, '\0'); }

  GgufBytes& entry(const std::string& key, std::uint32_t kind, const std::string& value) {
    metadata_ += string_of(key) + raw(kind) + value;
    ++keys_;
    return *this;
  }

  std::string metadata_, records_, data_;
  std::uint64_t tensors_ = 0, keys_ = 0;
};

}  // namespace zlens::test
