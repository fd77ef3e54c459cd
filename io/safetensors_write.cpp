#include <algorithm>
#include <cstring>
#include <set>
#include <span>

#include "io/atomic_file.h"
#include "io/error.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/safetensors_header.h"
#include "io/utf8.h"

namespace zlens {
namespace {

// Widest alignment that any reader wants; lets mapped tensors be used in place.
constexpr std::size_t kAlignment = 64;

using Order = std::vector<const TensorToWrite*>;

void check_tensor(const std::string& subject, const TensorToWrite& tensor) {
  const std::string who = subject + ": tensor \"" + printable(tensor.name) + "\": ";
  if (tensor.name == "__metadata__" || tensor.name.size() > kMaxTensorName || !is_valid_utf8(tensor.name)) {
    throw InputError(who + "the name must be UTF-8 of at most 512 bytes and not __metadata__");
  }
  const std::int64_t bytes = tensor_bytes(tensor.dtype, tensor.shape);
  if (bytes < 0) throw InputError(who + "the size of its shape overflows or a dimension is negative");
  if (static_cast<std::size_t>(bytes) != tensor.data.size()) {
    throw InputError(who + "shape and dtype need " + std::to_string(bytes) + " bytes, the data has " +
                     std::to_string(tensor.data.size()));
  }
}

// Widest elements first: then every tensor starts at a multiple of its element size.
Order sorted(const std::string& subject, const std::vector<TensorToWrite>& tensors) {
  Order order;
  for (const TensorToWrite& tensor : tensors) {
    check_tensor(subject, tensor);
    order.push_back(&tensor);
  }
  std::set<std::string_view> names;
  for (const TensorToWrite* tensor : order) {
    if (!names.insert(tensor->name).second)
      throw InputError(subject + ": tensor \"" + printable(tensor->name) + "\" is given twice");
  }
  std::sort(order.begin(), order.end(), [](const TensorToWrite* a, const TensorToWrite* b) {
    if (dtype_size(a->dtype) != dtype_size(b->dtype)) return dtype_size(a->dtype) > dtype_size(b->dtype);
    return a->name < b->name;
  });
  return order;
}

std::string header_text(const std::string& subject, const Order& order, const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  for (const auto& [key, value] : metadata) {
    if (!is_valid_utf8(key) || !is_valid_utf8(value))
      throw InputError(subject + ": metadata \"" + printable(key) + "\" is not UTF-8");
    header["__metadata__"][key] = value;
  }
  std::size_t begin = 0;
  for (const TensorToWrite* tensor : order) {
    const std::size_t end = begin + tensor->data.size();
    header[tensor->name] = {{"dtype", dtype_name(tensor->dtype)}, {"shape", tensor->shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = header.dump();
  text.append((kAlignment - (8 + text.size()) % kAlignment) % kAlignment, ' ');
  if (order.size() > kMaxTensors || text.size() > kMaxSafetensorsHeader) {
    throw InputError(subject + ": " + std::to_string(order.size()) + " tensors with a header of " + std::to_string(text.size()) +
                     " bytes, the limits are 1000000 and 100000000; write several files");
  }
  return text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const Order order = sorted(path.string(), tensors);
  const std::string header = header_text(path.string(), order, metadata);
  const std::uint64_t length = header.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const TensorToWrite* tensor : order) file.write(tensor->data);
  file.commit();
}

}  // namespace zlens
