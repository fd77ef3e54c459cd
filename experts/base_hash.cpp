#include "experts/base_hash.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/atomic_file.h"
#include "io/error.h"
#include "io/mapped_file.h"
#include "io/sha256.h"
#include "modules/dtype.h"
#include "text/model.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

std::string compute(const LanguageModel& model) {
  std::vector<std::string> names;
  for (const AdaptableMatrix& matrix : model.matrices()) names.push_back(matrix.name);
  std::sort(names.begin(), names.end());
  Sha256 hash;
  model.for_each_matrix_fp32(names, [&](const std::string& name, const at::Tensor& weight) {
    hash.update(name + shape_text(weight.sizes()) + "\n");
    const at::Tensor values = weight.contiguous();
    hash.update(std::span(static_cast<const std::byte*>(values.const_data_ptr()), values.nbytes()));
  });
  return hash.hex();
}

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::string base_hash(const LanguageModel& model, const fs::path& cache_folder) {
  const fs::path cached = cache_folder / "bases" / (sha256_hex(model.files_identity()) + ".txt");
  std::error_code ignored;
  if (fs::exists(cached, ignored)) {
    const std::string text = read_text_file(cached, 1024);
    if (is_hash(text)) return text;
  }
  std::string hash = compute(model);
  try {
    fs::create_directories(cached.parent_path());
    write_file_atomically(cached, hash);
  } catch (const std::exception&) {
    // A read-only or full cache costs time, not correctness.
  }
  return hash;
}

}  // namespace zlens
