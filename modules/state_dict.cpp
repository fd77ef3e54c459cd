#include "modules/state_dict.h"

#include <ATen/ATen.h>

#include "io/error.h"
#include "io/safetensors.h"
#include "modules/dtype.h"

namespace zlens {
namespace {

std::string listed(const char* kind, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string text = std::string("; ") + std::to_string(names.size()) + " " + kind + ": ";
  for (std::size_t i = 0; i < names.size() && i < 4; ++i) text += (i ? ", " : "") + names[i];
  return names.size() > 4 ? text + ", …" : text;
}

at::Tensor load_mapped(const TensorLocation& location, at::ScalarType dtype) {
  const at::ScalarType stored = torch_dtype(location.info->dtype);
  const auto bytes = location.data();
  if (stored != dtype && !at::isFloatingType(stored)) throw InputError("weights must be floating point");
  auto* data = const_cast<std::byte*>(bytes.data());  // torch has no read-only tensors; nothing writes to weights
  const auto options = at::TensorOptions().dtype(stored);
  const bool aligned = reinterpret_cast<std::uintptr_t>(data) % dtype_size(location.info->dtype) == 0;
  at::Tensor tensor;
  if (aligned) {
    tensor = at::from_blob(
        data, location.info->shape, [shard = location.shard](void*) {}, options);
  } else {
    tensor = at::empty(location.info->shape, options);
    std::copy(bytes.begin(), bytes.end(), static_cast<std::byte*>(tensor.mutable_data_ptr()));
  }
  return tensor.to(dtype);
}

}  // namespace

StateDict::StateDict(std::string subject, at::ScalarType dtype) : subject_(std::move(subject)), dtype_(dtype) {}

void StateDict::add(const std::string& name, std::vector<std::int64_t> shape, Loader load) {
  if (!entries_.emplace(name, Entry{std::move(shape), std::move(load)}).second)
    throw InputError(subject_ + ": tensor '" + name + "' is stored twice under different names");
}

at::Tensor StateDict::take(const std::string& name, at::IntArrayRef shape) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    if (make_) return make_(name, shape);
    missing_.push_back(name);
    return at::empty({0});
  }
  Entry& entry = found->second;
  entry.taken = true;
  if (at::IntArrayRef(entry.shape) != shape) {
    misshapen_.push_back(name + " is " + shape_text(entry.shape) + ", expected " + shape_text(shape));
    return at::empty({0});
  }
  try {
    return entry.load(dtype_).to(device_);
  } catch (const InputError& error) {
    throw InputError(subject_ + ": tensor '" + name + "': " + error.what());
  }
}

void StateDict::take_over(StateDict other, const std::function<std::string(const std::string&)>& rename) {
  for (auto& [name, entry] : other.entries_) add(rename(name), std::move(entry.shape), std::move(entry.load));
}

std::vector<std::string> StateDict::names() const {
  std::vector<std::string> out;
  for (const auto& [name, entry] : entries_) out.push_back(name);
  return out;
}

void StateDict::split_rows(const std::string& name, const std::vector<Part>& parts) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  std::int64_t rows = 0;
  for (const Part& part : parts) rows += part.rows;
  if (found->second.shape.empty() || found->second.shape.front() != rows) return;
  const Entry whole = std::move(found->second);
  entries_.erase(found);
  std::int64_t first = 0;
  for (const Part& part : parts) {
    std::vector<std::int64_t> shape = whole.shape;
    shape.front() = part.rows;
    add(part.name, std::move(shape), [load = whole.load, first, count = part.rows](at::ScalarType wanted) {
      return load(wanted).slice(0, first, first + count).contiguous();
    });
    first += part.rows;
  }
}

void StateDict::reshape(const std::string& name, const std::vector<std::int64_t>& shape) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  const auto count = [](const std::vector<std::int64_t>& sizes) {
    std::int64_t product = 1;
    for (const std::int64_t size : sizes) product *= size;
    return product;
  };
  if (count(found->second.shape) != count(shape)) return;
  found->second.shape = shape;
  found->second.load = [load = std::move(found->second.load), shape](at::ScalarType wanted) { return load(wanted).reshape(shape); };
}

void StateDict::finish() const {
  std::vector<std::string> unexpected;
  for (const auto& [name, entry] : entries_)
    if (!entry.taken) unexpected.push_back(name);
  if (missing_.empty() && misshapen_.empty() && unexpected.empty()) return;
  throw InputError(subject_ + ": the weights do not fit the config" + listed("missing", missing_) +
                   listed("of another shape", misshapen_) + listed("unexpected", unexpected));
}

StateDict state_dict_from_tensors(const std::map<std::string, TensorLocation>& tensors, const std::string& subject,
                                  at::ScalarType dtype, const RenameTensor& rename) {
  StateDict weights(subject, dtype);
  for (const auto& [name, location] : tensors) {
    const std::string canonical = rename(name);
    if (canonical.empty()) continue;
    weights.add(canonical, location.info->shape,
                [location = location](at::ScalarType wanted) { return load_mapped(location, wanted); });
  }
  return weights;
}

StateDict state_dict_from_checkpoint(const std::filesystem::path& folder, at::ScalarType dtype, const RenameTensor& rename) {
  return state_dict_from_tensors(open_checkpoint(folder), folder.string(), dtype, rename);
}

}  // namespace zlens
