#include "io/gguf.h"

#include <utility>

#include "io/dequantize.h"
#include "io/error.h"
#include "io/gguf_parse.h"

namespace zlens {
namespace {

[[noreturn]] void fail_kind(const MappedFile& file, const std::string& key, const char* wanted) {
  throw InputError(file.path().string() + ": key \"" + printable(key) + "\" must be " + wanted);
}

const GgufValue* find(const std::map<std::string, GgufValue>& metadata, const std::string& key) {
  const auto entry = metadata.find(key);
  return entry == metadata.end() ? nullptr : &entry->second;
}

template <typename T>
const T* find_as(const MappedFile& file, const GgufValue* value, const std::string& key, const char* wanted) {
  if (value == nullptr) return nullptr;
  const T* typed = std::get_if<T>(value);
  if (typed == nullptr) fail_kind(file, key, wanted);
  return typed;
}

// Elements of the shape; the parser has checked that the product fits.
std::size_t element_count(const GgufTensor& tensor) {
  std::size_t count = 1;
  for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
  return count;
}

}  // namespace

std::shared_ptr<const Gguf> Gguf::open(const std::filesystem::path& path) {
  const std::shared_ptr<Gguf> opened(new Gguf());
  opened->file_ = MappedFile::open(path);
  GgufContents contents = parse_gguf(opened->file_->bytes(), path.string());
  opened->metadata_ = std::move(contents.metadata);
  opened->tensors_ = std::move(contents.tensors);
  return opened;
}

std::span<const std::byte> Gguf::data(const GgufTensor& tensor) const {
  const std::span<const std::byte> bytes = file_->bytes();
  if (tensor.begin > tensor.end || tensor.end > bytes.size())
    throw Error(file_->path().string() + ": asked for a tensor of another file");
  return bytes.subspan(tensor.begin, tensor.end - tensor.begin);
}

std::optional<std::int64_t> Gguf::integer(const std::string& key) const {
  const GgufValue* value = find(metadata_, key);
  if (value == nullptr) return std::nullopt;
  const std::optional<std::int64_t> number = integer_value(*value);
  if (!number) fail_kind(*file_, key, "an integer that fits 63 bits");
  return number;
}

std::optional<double> Gguf::number(const std::string& key) const {
  const GgufValue* value = find(metadata_, key);
  if (value == nullptr) return std::nullopt;
  if (const auto* real = std::get_if<double>(value)) return *real;
  if (const auto* whole = std::get_if<std::uint64_t>(value)) return static_cast<double>(*whole);
  if (const auto* whole = std::get_if<std::int64_t>(value)) return static_cast<double>(*whole);
  fail_kind(*file_, key, "a number");
}

std::optional<bool> Gguf::boolean(const std::string& key) const {
  const GgufValue* value = find(metadata_, key);
  if (value == nullptr) return std::nullopt;
  if (const auto* flag = std::get_if<bool>(value)) return *flag;
  fail_kind(*file_, key, "a boolean");
}

const std::string* Gguf::string(const std::string& key) const {
  return find_as<std::string>(*file_, find(metadata_, key), key, "a string");
}

const std::vector<std::string>* Gguf::strings(const std::string& key) const {
  return find_as<std::vector<std::string>>(*file_, find(metadata_, key), key, "an array of strings");
}

const std::vector<std::int64_t>* Gguf::integers(const std::string& key) const {
  return find_as<std::vector<std::int64_t>>(*file_, find(metadata_, key), key, "an array of integers");
}

const std::vector<double>* Gguf::numbers(const std::string& key) const {
  return find_as<std::vector<double>>(*file_, find(metadata_, key), key, "an array of floats");
}

void Gguf::dequantize(const GgufTensor& tensor, std::size_t first, std::span<float> out) const {
  const BlockLayout layout = block_layout(tensor.type);
  const std::size_t count = element_count(tensor);
  const std::span<const std::byte> bytes = data(tensor);
  if (layout.values == 0 || bytes.size() != count / layout.values * layout.bytes) {
    throw Error(file_->path().string() + ": asked for a tensor of another file");
  }
  const bool inside = first <= count && out.size() <= count - first;
  if (!inside || first % layout.values != 0 || out.size() % layout.values != 0) {
    throw Error(file_->path().string() + ": elements [" + std::to_string(first) + ", +" + std::to_string(out.size()) + ") of a " +
                ggml_type_name(tensor.type) + " tensor of " + std::to_string(count) + " are not whole blocks of it");
  }
  dequantize_blocks(tensor.type, bytes.subspan(first / layout.values * layout.bytes), out);
}

}  // namespace zlens
