#include "io/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "io/error.h"
#include "io/json.h"
#include "io/safetensors_header.h"

namespace zlens {
namespace {

static_assert(std::endian::native == std::endian::little, "files are mapped as they are: little endian");

struct DtypeRow {
  const char* name;
  std::size_t size;
};

// In the order of the enumeration.
constexpr std::array<DtypeRow, 15> kDtypes{{{"BOOL", 1},
                                            {"U8", 1},
                                            {"I8", 1},
                                            {"F8_E5M2", 1},
                                            {"F8_E4M3", 1},
                                            {"I16", 2},
                                            {"U16", 2},
                                            {"F16", 2},
                                            {"BF16", 2},
                                            {"I32", 4},
                                            {"U32", 4},
                                            {"F32", 4},
                                            {"F64", 8},
                                            {"I64", 8},
                                            {"U64", 8}}};

std::optional<Dtype> find_dtype(std::string_view name) {
  const auto row = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeRow& candidate) { return candidate.name == name; });
  if (row == kDtypes.end()) return std::nullopt;
  return static_cast<Dtype>(row - kDtypes.begin());
}

// Some eight values for each tensor.
constexpr JsonLimits kHeaderLimits{.max_depth = 4, .max_bytes = kMaxSafetensorsHeader, .max_values = kTableJson.max_values};

// One header being read; knows the file's name for errors.
class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> file, std::string_view subject) : file_(file), subject_(subject) {}

  SafetensorsHeader read() {
    const Json root = parse_json(header_text(), std::string(subject_) + ": header", kHeaderLimits);
    for (const auto& [name, value] : root.items()) {
      if (name == "__metadata__") {
        read_metadata(value);
      } else {
        read_tensor(name, value);
      }
    }
    check_layout();
    return std::move(header_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw InputError(std::string(subject_) + ": " + what); }

  [[noreturn]] void fail_tensor(const std::string& name, const std::string& what) const {
    fail("tensor \"" + printable(name) + "\": " + what);
  }

  std::string_view header_text() {
    if (file_.size() < 8) fail("has " + std::to_string(file_.size()) + " bytes, a safetensors file starts with an 8-byte length");
    std::uint64_t length = 0;
    std::memcpy(&length, file_.data(), 8);
    if (length > kMaxSafetensorsHeader) fail("header of " + std::to_string(length) + " bytes, the limit is 100000000");
    if (length > file_.size() - 8) {
      fail("header of " + std::to_string(length) + " bytes in a file of " + std::to_string(file_.size()) +
           "; is the file complete?");
    }
    header_.data_offset = static_cast<std::size_t>(8 + length);
    const std::string_view text(reinterpret_cast<const char*>(file_.data()) + 8, static_cast<std::size_t>(length));
    if (!text.starts_with('{')) fail("byte 8: the header must start with '{'");
    return text;
  }

  void read_metadata(const Json& value) {
    if (!value.is_object()) fail("__metadata__ must be an object of strings");
    for (const auto& [key, entry] : value.items()) {
      if (!entry.is_string()) fail("__metadata__ \"" + printable(key) + "\" must be a string");
      header_.metadata.emplace(key, entry.get_ref<const std::string&>());
    }
  }

  void read_tensor(const std::string& name, const Json& value) {
    if (name.size() > kMaxTensorName) fail_tensor(name, "name of " + std::to_string(name.size()) + " bytes, the limit is 512");
    if (header_.tensors.size() == kMaxTensors) fail("more than 1000000 tensors");
    if (!value.is_object()) fail_tensor(name, "must be an object");
    for (const auto& [key, unused] : value.items()) {
      if (key != "dtype" && key != "shape" && key != "data_offsets") fail_tensor(name, "unknown field \"" + printable(key) + "\"");
    }
    if (value.size() != 3) fail_tensor(name, "needs dtype, shape and data_offsets");
    TensorInfo info{.dtype = read_dtype(name, value["dtype"]), .shape = read_shape(name, value["shape"])};
    const std::vector<std::int64_t> offsets = read_numbers(name, "data_offsets", value["data_offsets"]);
    if (offsets.size() != 2 || offsets[0] > offsets[1]) fail_tensor(name, "data_offsets must be [begin, end]");
    info.begin = static_cast<std::size_t>(offsets[0]);
    info.end = static_cast<std::size_t>(offsets[1]);
    check_length(name, info);
    header_.tensors.emplace(name, std::move(info));
  }

  Dtype read_dtype(const std::string& name, const Json& value) const {
    if (!value.is_string()) fail_tensor(name, "dtype must be a string");
    const auto& text = value.get_ref<const std::string&>();
    const std::optional<Dtype> dtype = find_dtype(text);
    if (!dtype) fail_tensor(name, "dtype \"" + printable(text) + "\" is not supported");
    return *dtype;
  }

  std::vector<std::int64_t> read_numbers(const std::string& name, const char* field, const Json& value) const {
    if (!value.is_array()) fail_tensor(name, std::string(field) + " must be an array");
    std::vector<std::int64_t> numbers;
    for (const Json& number : value) {
      constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      if (!number.is_number_unsigned() || number.get<std::uint64_t>() > kMax) {
        fail_tensor(name, std::string(field) + " must hold whole numbers of 0 or more that fit 63 bits");
      }
      numbers.push_back(number.get<std::int64_t>());
    }
    return numbers;
  }

  std::vector<std::int64_t> read_shape(const std::string& name, const Json& value) const {
    return read_numbers(name, "shape", value);
  }

  void check_length(const std::string& name, const TensorInfo& info) const {
    const std::int64_t bytes = tensor_bytes(info.dtype, info.shape);
    if (bytes < 0) fail_tensor(name, "the size of its shape overflows");
    if (static_cast<std::size_t>(bytes) != info.end - info.begin) {
      fail_tensor(name, "shape and dtype need " + std::to_string(bytes) + " bytes, data_offsets hold " +
                            std::to_string(info.end - info.begin));
    }
  }

  // In the order of their data the tensors must touch, from the start of the data section to the end of the file.
  void check_layout() const {
    std::vector<const std::pair<const std::string, TensorInfo>*> order;
    for (const auto& entry : header_.tensors) order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
      return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
    });
    std::size_t expected = 0;
    for (const auto* entry : order) {
      if (entry->second.begin != expected) {
        fail_tensor(entry->first, "starts at data byte " + std::to_string(entry->second.begin) + " where " +
                                      std::to_string(expected) + " is due (a hole or an overlap)");
      }
      expected = entry->second.end;
    }
    const std::size_t data_size = file_.size() - header_.data_offset;
    if (expected != data_size) {
      fail("the tensors take " + std::to_string(expected) + " data bytes, the file holds " + std::to_string(data_size) +
           "; is the file complete?");
    }
  }

  std::span<const std::byte> file_;
  std::string_view subject_;
  SafetensorsHeader header_;
};

}  // namespace

std::size_t dtype_size(Dtype dtype) {
  return kDtypes.at(static_cast<std::size_t>(dtype)).size;
}

const char* dtype_name(Dtype dtype) {
  return kDtypes.at(static_cast<std::size_t>(dtype)).name;
}

std::int64_t tensor_bytes(Dtype dtype, const std::vector<std::int64_t>& shape) {
  // Dimensions of 0 are left out until the end: whoever multiplies some of the others must not overflow.
  auto bytes = static_cast<std::int64_t>(dtype_size(dtype));
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, std::max<std::int64_t>(size, 1), &bytes)) return -1;
  }
  return std::find(shape.begin(), shape.end(), 0) == shape.end() ? bytes : 0;
}

SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file, std::string_view subject) {
  return HeaderReader(file, subject).read();
}

std::shared_ptr<const Safetensors> Safetensors::open(const std::filesystem::path& path) {
  const std::shared_ptr<Safetensors> opened(new Safetensors());
  opened->file_ = MappedFile::open(path);
  SafetensorsHeader header = parse_safetensors_header(opened->file_->bytes(), path.string());
  opened->data_offset_ = header.data_offset;
  opened->tensors_ = std::move(header.tensors);
  opened->metadata_ = std::move(header.metadata);
  return opened;
}

std::span<const std::byte> Safetensors::data(const TensorInfo& info) const {
  const std::span<const std::byte> data = file_->bytes().subspan(data_offset_);
  if (info.begin > info.end || info.end > data.size()) throw Error(file_->path().string() + ": asked for a tensor of another file");
  return data.subspan(info.begin, info.end - info.begin);
}

}  // namespace zlens
