#include "text/tokenizer_fixture.h"

#include <stdexcept>

#include "io/gguf.h"
#include "io/json.h"
#include "io/mapped_file.h"

namespace zlens::test {
namespace {

class Bytes {
 public:
  explicit Bytes(std::string data) : data_(std::move(data)) {}
  std::uint8_t byte() {
    if (at_ >= data_.size()) throw std::runtime_error("the golden file is torn");
    return static_cast<std::uint8_t>(data_[at_++]);
  }
  std::uint32_t leb128() {
    std::uint32_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t part = byte();
      value |= static_cast<std::uint32_t>(part & 0x7F) << shift;
      if (part < 0x80) return value;
    }
  }
  std::vector<std::int32_t> ids() {
    std::vector<std::int32_t> out(leb128());
    for (auto& id : out) id = static_cast<std::int32_t>(leb128());
    return out;
  }
  Golden::Text text() {
    Golden::Text text;
    text.same = byte() == 1;
    for (unsigned shift = 0; !text.same && shift < 32; shift += 8) text.hash |= static_cast<std::uint32_t>(byte()) << shift;
    return text;
  }
  bool done() const { return at_ == data_.size(); }

 private:
  std::string data_;
  std::size_t at_ = 0;
};

std::uint32_t fnv1a(const std::string& text) {
  std::uint32_t value = 0x811C9DC5u;
  for (const char c : text) value = (value ^ static_cast<std::uint8_t>(c)) * 0x01000193u;
  return value;
}

}  // namespace

bool Golden::Text::matches(const std::string& decoded, const std::string& input) const {
  return same ? decoded == input : fnv1a(decoded) == hash;
}

std::filesystem::path tokenizer_fixtures() {
  return std::filesystem::path(ZLENS_FIXTURES) / "tokenizers";
}

const std::vector<std::string>& corpus() {
  static const std::vector<std::string> texts = [] {
    const std::string file = read_text_file(tokenizer_fixtures() / "corpus.jsonl");
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < file.size();) {
      const std::size_t end = file.find('\n', at);
      lines.push_back(parse_json(std::string_view(file).substr(at, end - at), "corpus.jsonl").get<std::string>());
      at = end + 1;
    }
    return lines;
  }();
  return texts;
}

Golden read_golden(const std::string& name) {
  Bytes bytes(read_text_file(tokenizer_fixtures() / (name + ".golden")));
  Golden golden;
  golden.prefix = bytes.ids();
  golden.suffix = bytes.ids();
  golden.has_text = bytes.byte() == 1;
  while (!bytes.done()) {
    Golden::Line& line = golden.lines.emplace_back();
    line.ids = bytes.ids();
    if (!golden.has_text) continue;
    line.with_special = bytes.text();
    line.without_special = bytes.text();
  }
  return golden;
}

std::unique_ptr<const Tokenizer> load_fixture(const std::string& folder) {
  const auto path = tokenizer_fixtures() / folder;
  const auto file = path / "tokenizer.gguf";
  return std::filesystem::exists(file) ? tokenizer_from_gguf(*Gguf::open(file)) : load_tokenizer(path);
}

const std::vector<std::string>& fixture_kinds() {
  static const std::vector<std::string> kinds{
      "gpt2",      "llama3", "qwen2",           "smollm",           "gpt4o",           "parts",
      "clip",      "llama2", "metaspace_first", "metaspace_always", "metaspace_never", "gemma",
      "unknown",   "joined", "sp_bpe",          "sp_unigram",       "gguf_smollm",     "gguf_llama3",
      "gguf_llama"};
  return kinds;
}

}  // namespace zlens::test
