#include "io/gguf_parse.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "io/dequantize.h"
#include "io/byte_reader.h"
#include "io/gguf_values.h"
#include "io/utf8.h"

namespace zlens {
namespace {

static_assert(std::endian::native == std::endian::little, "files are mapped as they are: little endian");

constexpr std::uint64_t kMaxKeys = 100'000;
constexpr std::uint64_t kMaxTensors = 1'000'000;
constexpr std::size_t kMaxKey = 65535;  // the format's own limit
constexpr std::size_t kMaxName = 256;
constexpr std::int64_t kMaxAlignment = 1 << 20;

struct Counts {
  std::uint64_t tensors;
  std::uint64_t keys;
};

Counts read_head(ByteReader& reader) {
  const auto magic = reader.read<std::uint32_t>("the magic number");
  if (magic == 0x47475546) reader.fail("a big-endian GGUF file; convert it to little endian");
  if (magic != 0x46554747) reader.fail("not a GGUF file (its magic number is another)");
  const auto version = reader.read<std::uint32_t>("the version");
  if (version != 0 && (version & 0xFFFF) == 0) reader.fail("a big-endian GGUF file; convert it to little endian");
  if (version != 2 && version != 3) reader.fail("GGUF version " + std::to_string(version) + ", versions 2 and 3 are supported");
  const auto tensors = reader.read<std::uint64_t>("the tensor count");
  if (tensors > kMaxTensors) reader.fail(std::to_string(tensors) + " tensors, the limit is " + std::to_string(kMaxTensors));
  const auto keys = reader.read<std::uint64_t>("the key count");
  if (keys > kMaxKeys) reader.fail(std::to_string(keys) + " keys, the limit is " + std::to_string(kMaxKeys));
  return {tensors, keys};
}

std::string read_name(ByteReader& reader, std::size_t limit, const char* what) {
  std::string name = reader.read_string(limit, what);
  if (name.empty() || !is_valid_utf8(name)) reader.fail(std::string(what) + " must be UTF-8 and not empty");
  return name;
}

std::map<std::string, GgufValue> read_metadata(ByteReader& reader, std::uint64_t count) {
  std::map<std::string, GgufValue> metadata;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string key = read_name(reader, kMaxKey, "a key");
    const auto [entry, is_new] = metadata.try_emplace(std::move(key));
    if (!is_new) reader.fail("key \"" + printable(entry->first) + "\" stands twice");
    entry->second = read_gguf_value(reader);
  }
  return metadata;
}

GgmlType read_type(ByteReader& reader, const std::string& name) {
  const auto code = reader.read<std::uint32_t>("a tensor's type");
  const auto type = static_cast<GgmlType>(code);
  if (block_layout(type).values == 0) {
    reader.fail("tensor \"" + printable(name) + "\" has type " + std::to_string(code) +
                ", which cannot be read; supported are F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K");
  }
  return type;
}

std::vector<std::int64_t> read_shape(ByteReader& reader, const std::string& name) {
  const auto dimensions = reader.read<std::uint32_t>("a tensor's dimension count");
  if (dimensions < 1 || dimensions > 4) {
    reader.fail("tensor \"" + printable(name) + "\" has " + std::to_string(dimensions) + " dimensions, 1 to 4 are possible");
  }
  std::vector<std::int64_t> shape(dimensions);
  for (auto size = shape.rbegin(); size != shape.rend(); ++size) {
    *size = reader.read<std::int64_t>("a tensor's shape");
    if (*size < 0) reader.fail("tensor \"" + printable(name) + "\" has a dimension beyond 2^63 - 1");
  }
  return shape;
}

// Bytes of a tensor's data. A row must be made of whole blocks.
std::size_t data_bytes(const ByteReader& reader, const std::string& name, GgmlType type, const std::vector<std::int64_t>& shape) {
  const BlockLayout layout = block_layout(type);
  const auto block = static_cast<std::int64_t>(layout.values);
  if (shape.back() % block != 0) {
    reader.fail("tensor \"" + printable(name) + "\" has rows of " + std::to_string(shape.back()) + " values, " +
                ggml_type_name(type) + " needs a multiple of " + std::to_string(block));
  }
  // Dimensions of 0 are left out until the end: whoever multiplies some of the others must not overflow.
  std::int64_t count = 1;
  bool overflow = false;
  for (const std::int64_t size : shape)
    overflow = __builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count) || overflow;
  const bool is_empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  std::int64_t bytes = 0;
  overflow = __builtin_mul_overflow(count / block, static_cast<std::int64_t>(layout.bytes), &bytes) || overflow;
  if (overflow) reader.fail("tensor \"" + printable(name) + "\": the size of its shape overflows");
  return is_empty ? 0 : static_cast<std::size_t>(bytes);
}

struct Placed {
  const std::string* name;
  GgufTensor* tensor;
};

// Reads the tensor records; `begin` and `end` are relative to the data section for now.
std::vector<Placed> read_tensors(ByteReader& reader, std::uint64_t count, std::map<std::string, GgufTensor>& tensors) {
  std::vector<Placed> order;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string name = read_name(reader, kMaxName, "a tensor's name");
    const auto [entry, is_new] = tensors.try_emplace(std::move(name));
    if (!is_new) reader.fail("tensor \"" + printable(entry->first) + "\" stands twice");
    GgufTensor& tensor = entry->second;
    tensor.shape = read_shape(reader, entry->first);
    tensor.type = read_type(reader, entry->first);
    const auto offset = reader.read<std::uint64_t>("a tensor's offset");
    const std::size_t bytes = data_bytes(reader, entry->first, tensor.type, tensor.shape);
    tensor.begin = static_cast<std::size_t>(offset);
    if (__builtin_add_overflow(tensor.begin, bytes, &tensor.end))
      reader.fail("tensor \"" + printable(entry->first) + "\": its end overflows");
    order.push_back({&entry->first, &tensor});
  }
  return order;
}

std::size_t read_alignment(const ByteReader& reader, const std::map<std::string, GgufValue>& metadata) {
  const auto entry = metadata.find("general.alignment");
  if (entry == metadata.end()) return 32;
  const std::optional<std::int64_t> value = integer_value(entry->second);
  const bool usable = value && *value > 0 && *value <= kMaxAlignment && std::has_single_bit(static_cast<std::uint64_t>(*value));
  if (!usable) reader.fail("key \"general.alignment\" must be a power of two up to 1048576");
  return static_cast<std::size_t>(*value);
}

// Makes the offsets absolute, in the file and apart from each other.
void place_tensors(const ByteReader& reader, std::size_t alignment, std::vector<Placed>& order) {
  const std::size_t padding = (alignment - reader.offset() % alignment) % alignment;
  // A file without tensor data may end before the padding.
  const std::size_t base = reader.offset() + std::min(padding, reader.left());
  const std::size_t available = reader.left() - std::min(padding, reader.left());
  for (const auto& [name, tensor] : order) {
    const std::string who = "tensor \"" + printable(*name) + "\" at offset " + std::to_string(tensor->begin);
    if (tensor->begin % alignment != 0) reader.fail(who + " is not aligned to " + std::to_string(alignment) + " bytes");
    if (tensor->end > available) {
      reader.fail(who + " ends at " + std::to_string(tensor->end) + " of " + std::to_string(available) +
                  " data bytes; is the file complete?");
    }
    tensor->begin += base;
    tensor->end += base;
  }
  std::sort(order.begin(), order.end(), [](const Placed& a, const Placed& b) {
    return std::pair(a.tensor->begin, a.tensor->end) < std::pair(b.tensor->begin, b.tensor->end);
  });
  const Placed* before = nullptr;
  for (const Placed& placed : order) {
    if (placed.tensor->begin == placed.tensor->end) continue;
    if (before != nullptr && placed.tensor->begin < before->tensor->end) {
      reader.fail("tensors \"" + printable(*before->name) + "\" and \"" + printable(*placed.name) + "\" overlap");
    }
    before = &placed;
  }
}

}  // namespace

std::optional<std::int64_t> integer_value(const GgufValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  const auto* number = std::get_if<std::uint64_t>(&value);
  if (number == nullptr || *number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

GgufContents parse_gguf(std::span<const std::byte> file, std::string_view subject) {
  ByteReader reader(file, subject);
  const Counts counts = read_head(reader);
  GgufContents contents;
  contents.metadata = read_metadata(reader, counts.keys);
  std::vector<Placed> order = read_tensors(reader, counts.tensors, contents.tensors);
  place_tensors(reader, read_alignment(reader, contents.metadata), order);
  return contents;
}

}  // namespace zlens
