// Files of torch.save (.pt, .pth, .bin): zip archives around a pickle, read without torch and without executing anything.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/mapped_file.h"
#include "io/torch_pickle.h"

namespace zlens {

// One file that holds a dict of tensors or parameters, dicts within it included. Immutable; safe to share between threads.
class TorchFile {
 public:
  // Maps and validates everything before anything else, as parse_zip and parse_torch_pickle describe. Throws InputError naming file
  // and reason, also for the format of torch before 1.6 and for big-endian files.
  static std::shared_ptr<const TorchFile> open(const std::filesystem::path& path);

  const std::map<std::string, TorchTensor>& tensors() const { return tensors_; }
  const std::filesystem::path& path() const { return file_->path(); }

  // The elements of a floating-point tensor of this file in row-major order. Throws InputError on other dtypes.
  std::vector<float> values(const std::string& name) const;

 private:
  TorchFile() = default;
  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, TorchTensor> tensors_;
};

}  // namespace zlens
