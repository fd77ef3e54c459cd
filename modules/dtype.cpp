#include "modules/dtype.h"

#include <ATen/ATen.h>

#include <array>
#include <utility>

#include "io/error.h"

namespace zlens {
namespace {

constexpr std::array<std::pair<Dtype, at::ScalarType>, 10> kDtypes = {{
    {Dtype::Bool, at::kBool},
    {Dtype::U8, at::kByte},
    {Dtype::I8, at::kChar},
    {Dtype::I16, at::kShort},
    {Dtype::F16, at::kHalf},
    {Dtype::BF16, at::kBFloat16},
    {Dtype::I32, at::kInt},
    {Dtype::F32, at::kFloat},
    {Dtype::F64, at::kDouble},
    {Dtype::I64, at::kLong},
}};

}  // namespace

at::ScalarType parse_dtype(std::string_view name) {
  if (name == "fp32") return at::kFloat;
  if (name == "bf16") return at::kBFloat16;
  if (name == "fp16") return at::kHalf;
  throw InputError("unknown dtype '" + std::string(name) + "' (known: fp32, bf16, fp16)");
}

std::string dtype_label(at::ScalarType dtype) {
  if (dtype == at::kFloat) return "fp32";
  if (dtype == at::kBFloat16) return "bf16";
  if (dtype == at::kHalf) return "fp16";
  return c10::toString(dtype);
}

at::ScalarType torch_dtype(Dtype dtype) {
  for (const auto& [file, torch] : kDtypes)
    if (file == dtype) return torch;
  throw InputError(std::string("tensors of dtype ") + dtype_name(dtype) + " are not supported");
}

Dtype file_dtype(at::ScalarType dtype) {
  for (const auto& [file, torch] : kDtypes)
    if (torch == dtype) return file;
  throw InputError(std::string("tensors of dtype ") + c10::toString(dtype) + " cannot be written to safetensors");
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace zlens
