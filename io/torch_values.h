// What a pickle of torch.save is made of, and what its allow-listed globals make of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/torch_pickle.h"

namespace zlens {

enum class TorchKind : std::uint8_t { None, Bool, Integer, Real, Text, Tuple, List, Dict, Global, Storage, Tensor };
enum class TorchGlobal : std::uint8_t { OrderedDict, RebuildTensor, RebuildParameter, Storage };

// One value; values refer to each other by their index, so that neither cycles nor depth can harm.
struct TorchValue {
  TorchKind kind = TorchKind::None;
  TorchGlobal global = TorchGlobal::OrderedDict;  // Global
  bool ordered = false;                           // Dict: an OrderedDict
  Dtype dtype = Dtype::F32;                       // Global Storage, Storage
  std::int64_t integer = 0;                       // Bool, Integer
  std::string_view text;                          // Text: inside the pickle
  std::vector<std::uint32_t> items;               // Tuple, List; Dict: key, value, key, value, …
  std::span<const std::byte> bytes;               // Storage
  std::size_t tensor = 0;                         // Tensor: index
};

// All values of one pickle. Errors carry no place: the machine adds it.
class TorchValues {
 public:
  explicit TorchValues(const TorchStorages& storages) : storages_(storages) {}

  std::uint32_t add(TorchValue value);  // throws beyond 10^6
  TorchValue& at(std::uint32_t index) { return values_.at(index); }
  const TorchValue& at(std::uint32_t index) const { return values_.at(index); }

  std::uint32_t global(std::string_view module, std::string_view name);     // throws unless allow-listed
  std::uint32_t persistent(std::uint32_t id);                               // ("storage", type, key, location, elements)
  std::uint32_t reduce(std::uint32_t callable, std::uint32_t arguments);    // calls nothing: one of three known meanings
  void build(std::uint32_t object, std::uint32_t state) const;              // only what an OrderedDict of modules carries
  std::map<std::string, TorchTensor> tensors_of(std::uint32_t root) const;  // as parse_torch_pickle describes

 private:
  std::uint32_t rebuild_tensor(const TorchValue& arguments);
  std::uint32_t rebuild_parameter(const TorchValue& arguments);
  const TorchValue& expect(std::uint32_t index, TorchKind kind, const char* what) const;
  std::vector<std::int64_t> integers(std::uint32_t index, const char* what) const;
  void expect_no_hooks(std::uint32_t index) const;

  const TorchStorages& storages_;
  std::vector<TorchValue> values_;
  std::vector<TorchTensor> tensors_;
};

}  // namespace zlens
