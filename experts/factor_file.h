// One matrix's factors on disk: checksummed, mapped.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "modules/linear.h"

namespace zlens {

// Files whose checksum was found right, by identity (device, inode, size, time): a log `checked.txt` in their folder, so that a
// file is read through once and from then on mapped. What is lost of the log costs time, not correctness. Thread-safe.
class CheckedFiles {
 public:
  explicit CheckedFiles(std::filesystem::path folder);
  bool contains(const std::string& identity) const;
  void add(const std::string& identity);

 private:
  std::filesystem::path path_;
  mutable std::mutex mutex_;
  std::set<std::string> identities_;
};

struct FactorFile {
  Factors factors;  // mapped, CPU
  std::map<std::string, std::string> metadata;
};

// What a file must hold.
struct FactorFileKey {
  std::string base, matrix;  // hash of the base, name of the matrix
  std::int64_t rows = 0, columns = 0;
  at::ScalarType dtype = at::ScalarType::Float;  // of U and Vᵀ; S is always float32
};

// Nothing where the file is absent, damaged or not of `key`.
std::optional<FactorFile> read_factor_file(const std::filesystem::path& path, const FactorFileKey& key, CheckedFiles& checked);

// Writes atomically; `metadata` is covered by the checksum. Throws Error where the disk refuses.
void write_factor_file(const std::filesystem::path& path, const FactorFileKey& key, const FactorFile& file, CheckedFiles& checked);

}  // namespace zlens
