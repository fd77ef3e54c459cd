#include "io/torch_values.h"

#include <array>
#include <limits>

#include "io/error.h"

namespace zlens {
namespace {

constexpr std::size_t kMaxValues = 1'000'000, kMaxLeaves = 100'000, kMaxName = 1024;
constexpr int kMaxDepth = 32, kMaxDimensions = 8;

struct StorageType {
  std::string_view name;
  Dtype dtype;
};

constexpr std::array<StorageType, 10> kStorages = {{{"FloatStorage", Dtype::F32},
                                                    {"HalfStorage", Dtype::F16},
                                                    {"BFloat16Storage", Dtype::BF16},
                                                    {"DoubleStorage", Dtype::F64},
                                                    {"LongStorage", Dtype::I64},
                                                    {"IntStorage", Dtype::I32},
                                                    {"ShortStorage", Dtype::I16},
                                                    {"CharStorage", Dtype::I8},
                                                    {"ByteStorage", Dtype::U8},
                                                    {"BoolStorage", Dtype::Bool}}};

// a * b + c; throws where it leaves 63 bits. All arguments are at least 0.
std::int64_t multiply_add(std::int64_t a, std::int64_t b, std::int64_t c) {
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  if (b != 0 && a > (largest - c) / b) throw InputError("a tensor's size overflows");
  return a * b + c;
}

std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count = multiply_add(count, size, 0);
  return count;
}

void check_inside(const TorchTensor& tensor) {
  const auto elements = static_cast<std::int64_t>(tensor.storage.size() / dtype_size(tensor.dtype));
  const std::int64_t count = element_count(tensor.shape);
  auto last = static_cast<std::int64_t>(tensor.offset);
  if (count > elements)
    throw InputError("a tensor of " + std::to_string(count) + " elements is larger than its storage of " +
                     std::to_string(elements));
  for (std::size_t i = 0; i < tensor.shape.size() && count > 0; ++i)
    last = multiply_add(tensor.shape[i] - 1, tensor.strides[i], last);
  if (count > 0 && last >= elements)
    throw InputError("a tensor reaches element " + std::to_string(last) + " of a storage of " + std::to_string(elements));
}

// Walks from the root to the tensors.
class Flattener {
 public:
  Flattener(const TorchValues& values, const std::vector<TorchTensor>& tensors) : values_(values), tensors_(tensors) {}

  void visit(std::uint32_t index, const std::string& name, int depth) {
    if (depth > kMaxDepth)
      throw InputError("dicts and lists are nested deeper than " + std::to_string(kMaxDepth) + ", or in a cycle");
    if (++visited_ > kMaxLeaves) throw InputError("more than " + std::to_string(kMaxLeaves) + " tensors and other values");
    if (name.size() > kMaxName) throw InputError("a tensor's name is longer than " + std::to_string(kMaxName) + " bytes");
    const TorchValue& value = values_.at(index);
    if (value.kind == TorchKind::Tensor) {
      if (!out.emplace(name, tensors_[value.tensor]).second) throw InputError("tensor '" + printable(name) + "' stands twice");
    } else if (value.kind == TorchKind::Dict) {
      for (std::size_t i = 0; i < value.items.size(); i += 2)
        visit(value.items[i + 1], joined(name, key_text(value.items[i])), depth + 1);
    } else if (value.kind == TorchKind::List || value.kind == TorchKind::Tuple) {
      for (std::size_t i = 0; i < value.items.size(); ++i) visit(value.items[i], joined(name, std::to_string(i)), depth + 1);
    }
  }

  std::map<std::string, TorchTensor> out;

 private:
  static std::string joined(const std::string& name, const std::string& part) { return name.empty() ? part : name + "." + part; }

  std::string key_text(std::uint32_t index) const {
    const TorchValue& key = values_.at(index);
    if (key.kind == TorchKind::Integer) return std::to_string(key.integer);
    if (key.kind != TorchKind::Text) throw InputError("a dict has a key that is neither text nor an integer");
    return std::string(key.text);
  }

  const TorchValues& values_;
  const std::vector<TorchTensor>& tensors_;
  std::size_t visited_ = 0;
};

}  // namespace

std::uint32_t TorchValues::add(TorchValue value) {
  if (values_.size() >= kMaxValues) throw InputError("more than " + std::to_string(kMaxValues) + " values");
  values_.push_back(std::move(value));
  return static_cast<std::uint32_t>(values_.size() - 1);
}

std::uint32_t TorchValues::global(std::string_view module, std::string_view name) {
  TorchValue value{.kind = TorchKind::Global};
  bool known = true;
  if (module == "collections" && name == "OrderedDict") {
    value.global = TorchGlobal::OrderedDict;
  } else if (module == "torch._utils" && name == "_rebuild_tensor_v2") {
    value.global = TorchGlobal::RebuildTensor;
  } else if (module == "torch._utils" && name == "_rebuild_parameter") {
    value.global = TorchGlobal::RebuildParameter;
  } else {
    value.global = TorchGlobal::Storage;
    known = false;
    for (const StorageType& type : kStorages) {
      if (module != "torch" || name != type.name) continue;
      known = true;
      value.dtype = type.dtype;
    }
  }
  if (!known)
    throw InputError("the global " + printable(module) + "." + printable(name) +
                     " is not allowed (only dicts of dense tensors and parameters are read; nothing is executed)");
  return add(std::move(value));
}

const TorchValue& TorchValues::expect(std::uint32_t index, TorchKind kind, const char* what) const {
  if (values_.at(index).kind != kind) throw InputError(std::string(what) + " is of the wrong kind");
  return values_.at(index);
}

std::vector<std::int64_t> TorchValues::integers(std::uint32_t index, const char* what) const {
  std::vector<std::int64_t> out;
  for (const std::uint32_t item : expect(index, TorchKind::Tuple, what).items) {
    out.push_back(expect(item, TorchKind::Integer, what).integer);
    if (out.back() < 0) throw InputError(std::string(what) + " holds " + std::to_string(out.back()));
  }
  if (out.size() > kMaxDimensions) throw InputError(std::string(what) + " has " + std::to_string(out.size()) + " dimensions");
  return out;
}

std::uint32_t TorchValues::persistent(std::uint32_t id) {
  const TorchValue& tuple = expect(id, TorchKind::Tuple, "a persistent id");
  if (tuple.items.size() != 5) throw InputError("a persistent id has " + std::to_string(tuple.items.size()) + " parts, expected 5");
  if (expect(tuple.items[0], TorchKind::Text, "a persistent id").text != "storage")
    throw InputError("a persistent id is no storage");
  const TorchValue& type = expect(tuple.items[1], TorchKind::Global, "the type of a storage");
  if (type.global != TorchGlobal::Storage) throw InputError("the type of a storage is no storage");
  const std::string_view key = expect(tuple.items[2], TorchKind::Text, "the key of a storage").text;
  expect(tuple.items[3], TorchKind::Text, "the device of a storage");
  const std::int64_t elements = expect(tuple.items[4], TorchKind::Integer, "the size of a storage").integer;
  TorchValue out{.kind = TorchKind::Storage, .dtype = type.dtype};
  out.bytes = storages_(key);
  if (elements < 0 || static_cast<std::uint64_t>(elements) != out.bytes.size() / dtype_size(type.dtype) ||
      out.bytes.size() % dtype_size(type.dtype) != 0)
    throw InputError("storage '" + printable(key) + "' has " + std::to_string(out.bytes.size()) + " bytes, but " +
                     std::to_string(elements) + " elements of " + dtype_name(type.dtype));
  return add(std::move(out));
}

void TorchValues::expect_no_hooks(std::uint32_t index) const {
  if (!expect(index, TorchKind::Dict, "the hooks of a tensor").items.empty()) throw InputError("a tensor has hooks");
}

std::uint32_t TorchValues::rebuild_tensor(const TorchValue& arguments) {
  const auto& items = arguments.items;
  if (items.size() != 6) throw InputError("a tensor has " + std::to_string(items.size()) + " parts, expected 6");
  const TorchValue& storage = expect(items[0], TorchKind::Storage, "the storage of a tensor");
  const std::int64_t offset = expect(items[1], TorchKind::Integer, "the offset of a tensor").integer;
  if (offset < 0) throw InputError("a tensor starts at element " + std::to_string(offset));
  TorchTensor tensor{storage.dtype, integers(items[2], "a shape"), integers(items[3], "the strides of a tensor"),
                     static_cast<std::size_t>(offset), storage.bytes};
  if (tensor.shape.size() != tensor.strides.size()) throw InputError("a tensor's shape and strides differ in length");
  expect(items[4], TorchKind::Bool, "requires_grad of a tensor");
  expect_no_hooks(items[5]);
  check_inside(tensor);
  tensors_.push_back(std::move(tensor));
  return add({.kind = TorchKind::Tensor, .tensor = tensors_.size() - 1});
}

std::uint32_t TorchValues::rebuild_parameter(const TorchValue& arguments) {
  const auto& items = arguments.items;
  if (items.size() != 3) throw InputError("a parameter has " + std::to_string(items.size()) + " parts, expected 3");
  expect(items[0], TorchKind::Tensor, "the data of a parameter");
  expect(items[1], TorchKind::Bool, "requires_grad of a parameter");
  expect_no_hooks(items[2]);
  return items[0];
}

std::uint32_t TorchValues::reduce(std::uint32_t callable, std::uint32_t arguments) {
  const TorchGlobal global = expect(callable, TorchKind::Global, "what is called").global;
  // A copy: adding values moves them.
  const TorchValue given = expect(arguments, TorchKind::Tuple, "the arguments of a call");
  switch (global) {
    case TorchGlobal::RebuildTensor:
      return rebuild_tensor(given);
    case TorchGlobal::RebuildParameter:
      return rebuild_parameter(given);
    case TorchGlobal::OrderedDict:
      if (!given.items.empty()) throw InputError("an OrderedDict is made from arguments");
      return add({.kind = TorchKind::Dict, .ordered = true});
    case TorchGlobal::Storage:
      break;
  }
  throw InputError("a storage type is called");
}

void TorchValues::build(std::uint32_t object, std::uint32_t state) const {
  if (!expect(object, TorchKind::Dict, "what gets attributes").ordered) throw InputError("a dict gets attributes");
  const TorchValue& attributes = expect(state, TorchKind::Dict, "the attributes of an OrderedDict");
  for (std::size_t i = 0; i < attributes.items.size(); i += 2) {
    const std::string_view name = expect(attributes.items[i], TorchKind::Text, "the name of an attribute").text;
    if (name != "_metadata") throw InputError("an OrderedDict has the attribute '" + printable(name) + "'");
  }
}

std::map<std::string, TorchTensor> TorchValues::tensors_of(std::uint32_t root) const {
  expect(root, TorchKind::Dict, "the pickled object (expected a dict, such as a state_dict), which");
  Flattener flattener(*this, tensors_);
  flattener.visit(root, "", 0);
  return std::move(flattener.out);
}

}  // namespace zlens
