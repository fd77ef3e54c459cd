// The tokenizers and texts of tests/fixtures/tokenizers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace zlens::test {

std::filesystem::path tokenizer_fixtures();

// The texts of corpus.jsonl.
const std::vector<std::string>& corpus();

// What the reference made of every text of the corpus.
struct Golden {
  struct Text {
    bool same = false;       // as the input
    std::uint32_t hash = 0;  // else its FNV-1a hash
    bool matches(const std::string& decoded, const std::string& input) const;
  };
  struct Line {
    std::vector<std::int32_t> ids;
    Text with_special, without_special;
  };
  std::vector<std::int32_t> prefix, suffix;
  bool has_text = false;
  std::vector<Line> lines;
};

Golden read_golden(const std::string& name);

// The tokenizer of a fixture folder, from its tokenizer.gguf where it has one.
std::unique_ptr<const Tokenizer> load_fixture(const std::string& folder);

// Every kind that stands in a folder.
const std::vector<std::string>& fixture_kinds();

}  // namespace zlens::test
