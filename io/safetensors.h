// The safetensors format (header length, JSON header, data), read by mapping and validated more strictly than the reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/mapped_file.h"

namespace zlens {

enum class Dtype : std::uint8_t { Bool, U8, I8, F8E5M2, F8E4M3, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64 };

std::size_t dtype_size(Dtype dtype);  // bytes of an element
const char* dtype_name(Dtype dtype);  // as safetensors spells it: "F32", "BF16", …

struct TensorInfo {
  Dtype dtype;
  std::vector<std::int64_t> shape;
  std::size_t begin = 0;  // bytes [begin, end) of the file's data section
  std::size_t end = 0;
};

// One file. Immutable; safe to share between threads.
class Safetensors {
 public:
  // Maps and validates the whole header before anything else. Throws InputError naming file and offending key:
  // header over 100 MB or longer than the file, JSON depth over 4, duplicate keys, unknown fields or dtypes, names that are not
  // UTF-8 or longer than 512 bytes, over 10^6 tensors, overflowing shapes, lengths that disagree, holes, overlaps, bytes left over.
  static std::shared_ptr<const Safetensors> open(const std::filesystem::path& path);

  const std::map<std::string, TensorInfo>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // The tensor's bytes in the mapping: valid while this object lives, possibly unaligned for the dtype.
  std::span<const std::byte> data(const TensorInfo& info) const;
  const std::shared_ptr<const MappedFile>& file() const { return file_; }

 private:
  Safetensors() = default;
  std::shared_ptr<const MappedFile> file_;
  std::size_t data_offset_ = 0;
  std::map<std::string, TensorInfo> tensors_;
  std::map<std::string, std::string> metadata_;
};

// Where one tensor of a checkpoint stands.
struct TensorLocation {
  std::shared_ptr<const Safetensors> shard;
  const TensorInfo* info = nullptr;  // inside *shard
  std::span<const std::byte> data() const { return shard->data(*info); }
};

// The tensors of a checkpoint folder by name: `model.safetensors`, or `model.safetensors.index.json` and its shards.
// Shard names must be plain file names; every tensor stands in exactly one shard, the one that the index names.
// Throws InputError otherwise, and where a shard is missing.
std::map<std::string, TensorLocation> open_checkpoint(const std::filesystem::path& folder);

struct TensorToWrite {
  std::string name;
  Dtype dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;  // must outlive the call
};

// Writes atomically; tensors in the order of their alignment and names, so that equal input makes equal files.
// Throws Error where the disk refuses, InputError on a duplicate name or a length that disagrees with the shape.
void write_safetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace zlens
