#include "io/gguf_values.h"

#include <limits>

namespace zlens {
namespace {

constexpr std::size_t kMaxString = std::size_t{16} << 20;
constexpr std::uint64_t kMaxArray = std::uint64_t{16} << 20;

// GGUF's codes.
enum class Kind : std::uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

bool read_bool(ByteReader& reader) {
  const auto value = reader.read<std::uint8_t>("a boolean");
  if (value > 1) reader.fail("a boolean must be 0 or 1, not " + std::to_string(value));
  return value == 1;
}

void check_count(const ByteReader& reader, std::uint64_t count, std::size_t element_bytes) {
  if (count > kMaxArray)
    reader.fail("an array of " + std::to_string(count) + " elements, the limit is " + std::to_string(kMaxArray));
  if (count > reader.left() / element_bytes) {
    reader.fail("an array of " + std::to_string(count) + " elements, but only " + std::to_string(reader.left()) +
                " bytes are left");
  }
}

template <typename Raw, typename Wide>
std::vector<Wide> read_numbers(ByteReader& reader, std::uint64_t count) {
  check_count(reader, count, sizeof(Raw));
  std::vector<Wide> values;
  values.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    const Raw value = reader.read<Raw>("an array");
    if constexpr (std::is_same_v<Raw, std::uint64_t>) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        reader.fail("an array element beyond 2^63 - 1");
    }
    values.push_back(static_cast<Wide>(value));
  }
  return values;
}

std::vector<std::int64_t> read_booleans(ByteReader& reader, std::uint64_t count) {
  check_count(reader, count, 1);
  std::vector<std::int64_t> values;
  values.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) values.push_back(read_bool(reader) ? 1 : 0);
  return values;
}

std::vector<std::string> read_strings(ByteReader& reader, std::uint64_t count) {
  check_count(reader, count, sizeof(std::uint64_t));
  std::vector<std::string> values;
  values.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) values.push_back(reader.read_string(kMaxString, "a string of an array"));
  return values;
}

GgufValue read_array(ByteReader& reader) {
  const auto kind = reader.read<std::uint32_t>("the kind of an array");
  const auto count = reader.read<std::uint64_t>("the length of an array");
  switch (static_cast<Kind>(kind)) {
    case Kind::U8:
      return read_numbers<std::uint8_t, std::int64_t>(reader, count);
    case Kind::I8:
      return read_numbers<std::int8_t, std::int64_t>(reader, count);
    case Kind::U16:
      return read_numbers<std::uint16_t, std::int64_t>(reader, count);
    case Kind::I16:
      return read_numbers<std::int16_t, std::int64_t>(reader, count);
    case Kind::U32:
      return read_numbers<std::uint32_t, std::int64_t>(reader, count);
    case Kind::I32:
      return read_numbers<std::int32_t, std::int64_t>(reader, count);
    case Kind::U64:
      return read_numbers<std::uint64_t, std::int64_t>(reader, count);
    case Kind::I64:
      return read_numbers<std::int64_t, std::int64_t>(reader, count);
    case Kind::F32:
      return read_numbers<float, double>(reader, count);
    case Kind::F64:
      return read_numbers<double, double>(reader, count);
    case Kind::Bool:
      return read_booleans(reader, count);
    case Kind::String:
      return read_strings(reader, count);
    case Kind::Array:
      reader.fail("an array of arrays, which is not supported");
  }
  reader.fail("an array of the unknown kind " + std::to_string(kind));
}

}  // namespace

GgufValue read_gguf_value(ByteReader& reader) {
  const auto kind = reader.read<std::uint32_t>("the kind of a value");
  const char* what = "a value";
  switch (static_cast<Kind>(kind)) {
    case Kind::U8:
      return std::uint64_t{reader.read<std::uint8_t>(what)};
    case Kind::I8:
      return std::int64_t{reader.read<std::int8_t>(what)};
    case Kind::U16:
      return std::uint64_t{reader.read<std::uint16_t>(what)};
    case Kind::I16:
      return std::int64_t{reader.read<std::int16_t>(what)};
    case Kind::U32:
      return std::uint64_t{reader.read<std::uint32_t>(what)};
    case Kind::I32:
      return std::int64_t{reader.read<std::int32_t>(what)};
    case Kind::U64:
      return reader.read<std::uint64_t>(what);
    case Kind::I64:
      return reader.read<std::int64_t>(what);
    case Kind::F32:
      return double{reader.read<float>(what)};
    case Kind::F64:
      return reader.read<double>(what);
    case Kind::Bool:
      return read_bool(reader);
    case Kind::String:
      return reader.read_string(kMaxString, "a string");
    case Kind::Array:
      return read_array(reader);
  }
  reader.fail("a value of the unknown kind " + std::to_string(kind));
}

}  // namespace zlens
