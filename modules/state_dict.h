// The named tensors of a checkpoint, taken by modules one by one, with one strict report at the end.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/safetensors.h"

namespace zlens {

// Not thread-safe; lives while a model is being built.
class StateDict {
 public:
  // Makes the tensor in the wanted dtype; called at most once a tensor. May map instead of copying.
  using Loader = std::function<at::Tensor(at::ScalarType)>;

  // `subject` names the checkpoint in errors; `dtype` is what modules compute in.
  StateDict(std::string subject, at::ScalarType dtype);

  // What a module takes and no checkpoint has is made on the spot, by name and shape, and handed over as it is.
  using Maker = std::function<at::Tensor(const std::string& name, at::IntArrayRef shape)>;
  void make_missing(Maker make) { make_ = std::move(make); }

  // The entries of another one, too, under new names.
  void take_over(StateDict other, const std::function<std::string(const std::string&)>& rename);

  void add(const std::string& name, std::vector<std::int64_t> shape, Loader load);

  bool has(const std::string& name) const { return entries_.contains(name); }
  const std::vector<std::int64_t>& shape(const std::string& name) const { return entries_.at(name).shape; }

  // The tensor in this object's dtype and device. A missing or wrongly shaped one is noted, and an empty tensor returned.
  at::Tensor take(const std::string& name, at::IntArrayRef shape);

  // Entries that no module will take and that are no sign of trouble (old buffers such as rotary inv_freq).
  void ignore(const std::string& name) { entries_.erase(name); }
  std::vector<std::string> names() const;

  // A fused tensor becomes its parts: rows in this order, named and counted. Without effect where the tensor is absent; where its
  // rows do not add up the parts stay missing.
  struct Part {
    std::string name;
    std::int64_t rows;
  };
  void split_rows(const std::string& name, const std::vector<Part>& parts);
  // Another shape of as many numbers. Without effect where the tensor is absent or has another number of them.
  void reshape(const std::string& name, const std::vector<std::int64_t>& shape);

  // Throws InputError with every missing, unexpected and wrongly shaped tensor by name (the first few of each kind).
  void finish() const;

  const std::string& subject() const { return subject_; }
  at::ScalarType dtype() const { return dtype_; }
  // Where tensors that are taken from now on go.
  void set_device(at::Device device) { device_ = device; }

 private:
  struct Entry {
    std::vector<std::int64_t> shape;
    Loader load;
    bool taken = false;
  };
  std::string subject_;
  at::ScalarType dtype_;
  Maker make_;  // may be empty
  at::Device device_ = at::kCPU;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> missing_, misshapen_;
};

// Every tensor of an opened checkpoint, mapped; names pass through `rename` (empty result: ignored). Tensors whose file dtype is
// the wanted one are used in place, others converted once. `subject` names the checkpoint in errors.
using RenameTensor = std::function<std::string(const std::string&)>;
StateDict state_dict_from_tensors(const std::map<std::string, TensorLocation>& tensors, const std::string& subject,
                                  at::ScalarType dtype, const RenameTensor& rename);

// The same for a Hugging Face folder.
StateDict state_dict_from_checkpoint(const std::filesystem::path& folder, at::ScalarType dtype, const RenameTensor& rename);

}  // namespace zlens
