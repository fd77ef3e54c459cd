#include "train/label_codes.h"

#include <ATen/ATen.h>

#include <span>
#include <string>

#include "io/error.h"
#include "io/floats.h"
#include "io/safetensors.h"
#include "train/train_state.h"

namespace zlens {
namespace {

constexpr const char *kClasses = "classes", *kPlaces = "places";

at::Tensor read(const Safetensors& file, const char* name, const std::string& subject) {
  const auto found = file.tensors().find(name);
  if (found == file.tensors().end()) throw InputError(subject + ": no label codes: tensor '" + name + "' is missing");
  const TensorInfo& info = found->second;
  if (!is_floating(info.dtype) || info.shape.size() != 2)
    throw InputError(subject + ": tensor '" + name + "' is not a matrix of floating-point numbers");
  at::Tensor out = at::empty(info.shape, at::kFloat);
  to_floats(info.dtype, file.data(info), {out.mutable_data_ptr<float>(), static_cast<std::size_t>(out.numel())});
  if (!at::isfinite(out).all().item<bool>()) throw InputError(subject + ": tensor '" + name + "' has a number that is not finite");
  return out;
}

TensorToWrite entry(const char* name, const at::Tensor& tensor) {
  return {name, Dtype::F32, tensor.sizes().vec(), {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}};
}

}  // namespace

at::Tensor LabelCodes::shown(const std::vector<std::int64_t>& labels) const {
  const at::Tensor out = classes.index_select(0, at::tensor(labels, at::kLong));
  if (!places.defined()) return out;
  const auto count = static_cast<std::int64_t>(labels.size()), each = places.size(0);
  if (count % each != 0)
    throw InputError("label codes are for pictures of " + std::to_string(each) + " places, not for " + std::to_string(count));
  return out + places.repeat({count / each, 1});
}

std::string digest_of(const LabelCodes& codes) {
  Parameters named{{kClasses, codes.classes}};
  if (codes.places.defined()) named[kPlaces] = codes.places;
  return digest_of(named);
}

void write_label_codes(const std::filesystem::path& path, const LabelCodes& codes) {
  const at::Tensor classes = codes.classes.detach().contiguous(), places = codes.places.detach().contiguous();
  write_safetensors(path, {entry(kClasses, classes), entry(kPlaces, places)}, {{"format", "pt"}});
}

LabelCodes read_label_codes(const std::filesystem::path& path, std::int64_t classes, std::int64_t width) {
  const auto file = Safetensors::open(path);
  LabelCodes out{read(*file, kClasses, path.string()), read(*file, kPlaces, path.string())};
  if (out.classes.size(0) != classes || out.classes.size(1) != width || out.places.size(1) != width || out.places.size(0) == 0)
    throw InputError(path.string() + ": label codes for " + std::to_string(out.classes.size(0)) + " classes and a width of " +
                     std::to_string(out.classes.size(1)) + ", needed are " + std::to_string(classes) + " and " +
                     std::to_string(width));
  return out;
}

}  // namespace zlens
