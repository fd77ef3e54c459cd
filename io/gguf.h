// GGUF versions 2 and 3 (llama.cpp's container), little endian, read by mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "io/mapped_file.h"

namespace zlens {

// The quantised blocks that can be dequantised; values are GGUF's own codes.
enum class GgmlType : std::uint32_t {
  F32 = 0,
  F16 = 1,
  Q4_0 = 2,
  Q4_1 = 3,
  Q5_0 = 6,
  Q5_1 = 7,
  Q8_0 = 8,
  Q4_K = 12,
  Q5_K = 13,
  Q6_K = 14,
  BF16 = 30,
};

const char* ggml_type_name(GgmlType type);

struct GgufTensor {
  GgmlType type;
  std::vector<std::int64_t> shape;  // row-major as torch has it: the reverse of the file's order
  std::size_t begin = 0;            // bytes [begin, end) of the file
  std::size_t end = 0;
};

// Integers of every width are widened; arrays hold one kind.
using GgufValue = std::variant<bool, std::int64_t, std::uint64_t, double, std::string, std::vector<std::int64_t>,
                               std::vector<double>, std::vector<std::string>>;

// One file. Immutable; safe to share between threads.
class Gguf {
 public:
  // Validates everything before use; throws InputError naming file and key or byte offset. Limits: 10^5 keys, 10^6 tensors, strings
  // of 16 MiB, arrays of 16 M elements, all bounded by the bytes left; 1 to 4 dimensions; alignment a power of two up to 1 MiB;
  // tensor offsets aligned, inside the file, never overlapping; names up to 256 bytes; no duplicate key or name; known types only.
  static std::shared_ptr<const Gguf> open(const std::filesystem::path& path);

  const std::map<std::string, GgufValue>& metadata() const { return metadata_; }
  const std::map<std::string, GgufTensor>& tensors() const { return tensors_; }
  std::span<const std::byte> data(const GgufTensor& tensor) const;
  const std::shared_ptr<const MappedFile>& file() const { return file_; }

  // A metadata value of the wanted kind, or nothing where the key is absent. Throws InputError where it is of another kind
  // (any integer kind converts to the integer wanted, with a range check; F32 and integers convert to double).
  std::optional<std::int64_t> integer(const std::string& key) const;
  std::optional<double> number(const std::string& key) const;
  std::optional<bool> boolean(const std::string& key) const;
  const std::string* string(const std::string& key) const;                  // nullptr where absent
  const std::vector<std::string>* strings(const std::string& key) const;    // nullptr where absent
  const std::vector<std::int64_t>* integers(const std::string& key) const;  // nullptr where absent
  const std::vector<double>* numbers(const std::string& key) const;         // nullptr where absent (float arrays)

  // The float32 values of elements [first, first + out.size()) in row-major order. Both must fall on block borders
  // (multiples of 32, or 256 for the K types). Thread-safe.
  void dequantize(const GgufTensor& tensor, std::size_t first, std::span<float> out) const;

 private:
  Gguf() = default;
  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, GgufValue> metadata_;
  std::map<std::string, GgufTensor> tensors_;
};

}  // namespace zlens
