// What the tests of io/ share: folders that vanish, and checks of refusals.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include "io/error.h"
#include "support/temporary_folder.h"

namespace zlens::test {

using zlens::TemporaryFolder;

inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

inline std::size_t entries(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

// `load` must throw InputError with one line that names `subject` and holds `fragment`.
inline void expect_refused(const std::string& subject, const std::string& fragment, const std::function<void()>& load) {
  try {
    load();
    ADD_FAILURE() << "accepted";
  } catch (const InputError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find(subject), what.npos) << what;
    EXPECT_NE(what.find(fragment), what.npos) << what;
    EXPECT_EQ(what.find('\n'), what.npos) << what;
    EXPECT_LT(what.size(), subject.size() + 600) << what;
  }
}

// A copy of `valid` with one to eight bytes changed, or cut, or both.
inline std::string mutate(const std::string& valid, std::mt19937& random) {
  std::string mutant = valid;
  const std::size_t changes = 1 + random() % 8;
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = random() % mutant.size();
    const bool flip = random() % 2 == 0;
    mutant[at] = flip ? static_cast<char>(mutant[at] ^ (1 << random() % 8)) : static_cast<char>(random());
  }
  if (random() % 4 == 0) mutant.resize(random() % (mutant.size() + 1));
  return mutant;
}

struct MutantCounts {
  int loaded = 0;
  int refused = 0;
};

// Any escape but InputError fails the test; `load` should touch all that it loads.
inline MutantCounts run_mutants(const std::string& valid, int count, const std::function<void(const std::string&)>& load) {
  std::mt19937 random(20240607);
  MutantCounts counts;
  for (int i = 0; i < count; ++i) {
    const std::string mutant = mutate(valid, random);
    try {
      load(mutant);
      ++counts.loaded;
    } catch (const InputError&) {
      ++counts.refused;
    }
  }
  EXPECT_GT(counts.refused, count / 10);
  return counts;
}

}  // namespace zlens::test
