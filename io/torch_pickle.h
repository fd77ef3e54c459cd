// The pickles of torch.save, read without executing anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/safetensors.h"

namespace zlens {

// A dense tensor inside a storage; every element lies inside it.
struct TorchTensor {
  Dtype dtype;
  std::vector<std::int64_t> shape, strides;  // in elements; strides are not negative
  std::size_t offset = 0;                    // of the first element, in elements
  std::span<const std::byte> storage;
};

// The bytes of the storage that a pickle names. Throws InputError where there is none.
using TorchStorages = std::function<std::span<const std::byte>(std::string_view key)>;

// The tensors of a pickled dict by name; dicts, lists and tuples inside it lengthen the names ("policy.layers.0.weight"), whatever
// is no tensor is passed over. Tensors view the storages.
//
// A stack machine for the opcodes that torch.save writes (protocol 2). It knows these globals as words, not as code:
// collections.OrderedDict, torch._utils._rebuild_tensor_v2 and _rebuild_parameter, the typed storages torch.*Storage. Throws
// InputError "<subject>: …" with the byte in the pickle on everything else, any other global by its name: hooks, sparse and
// expanded tensors, attributes, cycles; over 10^6 values, memo entries or stack entries, 10^5 tensors and leaves, nesting over 32.
std::map<std::string, TorchTensor> parse_torch_pickle(std::span<const std::byte> pickle, const TorchStorages& storages,
                                                      std::string_view subject);

}  // namespace zlens
