// Which base an expert belongs to.
#pragma once

#include <filesystem>
#include <string>

namespace zlens {

class LanguageModel;

// SHA-256 over the adaptable matrices in the order of their canonical names: name, shape, float32 little-endian values of the file,
// whatever dtype the model computes in. Hashing reads every matrix once; the result is kept in `cache_folder` under the identity
// (inode, size, time) of the files. A cache that cannot be written is no error.
std::string base_hash(const LanguageModel& model, const std::filesystem::path& cache_folder);

}  // namespace zlens
