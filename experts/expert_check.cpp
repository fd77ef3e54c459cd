// What may stand in an expert file.
#include <algorithm>
#include <cmath>

#include "experts/expert.h"
#include "io/error.h"
#include "io/utf8.h"

namespace zlens {
namespace {

constexpr std::size_t kMaxText = 4096, kMaxRecords = 256, kMaxRecordBytes = std::size_t{1} << 20;
constexpr float kLargest = 1e6F;  // no scale that makes sense comes near; beyond it logits overflow

bool plain(const std::string& text, std::size_t max_bytes) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= max_bytes && text[0] != '.' && std::all_of(text.begin(), text.end(), allowed);
}

class Checker {
 public:
  Checker(const Expert& expert, const std::string& subject) : expert_(expert), subject_(subject) {}

  void check() const {
    check_texts();
    for (const auto& [name, z] : expert_.z) check_values("z/", name, static_cast<std::int64_t>(z.size()), 1, z);
    check_matrices("lora_a/", expert_.lora_a);
    check_matrices("lora_b/", expert_.lora_b);
    check_matrices("xs/", expert_.xs);
    check_pairs();
    check_prototype();
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw InputError(subject_ + ": " + what); }

  void check_texts() const {
    if (!plain(expert_.name, 64))
      fail("the expert name '" + printable(expert_.name) +
           "' is not allowed (letters, digits, '.', '_', '-'; up to 64; no leading dot)");
    if (expert_.base.size() != 64 || expert_.base.find_first_not_of("0123456789abcdef") != std::string::npos)
      fail("the base '" + printable(expert_.base) + "' is no SHA-256");
    if (expert_.description.size() > kMaxText || !is_valid_utf8(expert_.description))
      fail("the description must be UTF-8 of at most " + std::to_string(kMaxText) + " bytes");
    if (expert_.record.size() > kMaxRecords) fail("the record has over " + std::to_string(kMaxRecords) + " entries");
    for (const auto& [key, value] : expert_.record) {
      const bool reserved = key.starts_with("zlens.") || key == "name" || key == "description";
      if (!plain(key, 64) || reserved) fail("the record's key '" + printable(key) + "' is not allowed");
      if (value.size() > kMaxRecordBytes || !is_valid_utf8(value)) fail("the record's '" + key + "' is too long or not UTF-8");
    }
  }

  void check_values(const char* kind, const std::string& name, std::int64_t rows, std::int64_t columns,
                    const std::vector<float>& values) const {
    const std::string part = kind + printable(name);
    if (!plain(name, 400)) fail("'" + part + "' is no name of a matrix");
    const auto size = static_cast<std::int64_t>(values.size());
    if (rows < 1 || columns < 1 || rows > size || size / rows != columns || size % rows != 0)
      fail("'" + part + "' has " + std::to_string(size) + " values for the shape [" + std::to_string(rows) + ", " +
           std::to_string(columns) + "]");
    const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !(std::abs(v) <= kLargest); });
    if (bad != values.end())
      fail("'" + part + "' holds a value that is not finite or beyond 10^6 at index " + std::to_string(bad - values.begin()));
  }

  void check_matrices(const char* kind, const std::map<std::string, Matrix>& matrices) const {
    for (const auto& [name, matrix] : matrices) check_values(kind, name, matrix.rows, matrix.columns, matrix.values);
  }

  void check_prototype() const {
    const Matrix& prototype = expert_.prototype;
    if (prototype.rows == 0 && prototype.values.empty()) return;
    check_values("prototype/", "hidden", prototype.rows, prototype.columns, prototype.values);
    if (prototype.rows != 2) fail("the prototype has " + std::to_string(prototype.rows) + " rows, not mean and deviation");
    const auto deviations = prototype.values.begin() + prototype.columns;
    if (std::any_of(deviations, prototype.values.end(), [](float value) { return value <= 0; }))
      fail("the prototype has a deviation that is not above 0");
  }

  void check_pairs() const {
    if (expert_.z.empty() && expert_.lora_a.empty() && expert_.lora_b.empty() && expert_.xs.empty())
      fail("the expert changes nothing");
    for (const auto& [name, b] : expert_.lora_b)
      if (!expert_.lora_a.contains(name)) fail("lora_b of '" + name + "' has no lora_a");
    for (const auto& [name, a] : expert_.lora_a) {
      const auto b = expert_.lora_b.find(name);
      if (b == expert_.lora_b.end()) fail("lora_a of '" + name + "' has no lora_b");
      if (b->second.columns != a.rows)
        fail("lora_a of '" + name + "' has rank " + std::to_string(a.rows) + ", lora_b " + std::to_string(b->second.columns));
      if (expert_.xs.contains(name)) fail("'" + name + "' has both lora_a and xs");
    }
    for (const auto& [name, x] : expert_.xs)
      if (x.rows != x.columns) fail("xs of '" + name + "' is not square");
  }

  const Expert& expert_;
  const std::string& subject_;
};

}  // namespace

void check_expert(const Expert& expert, const std::string& subject) {
  Checker(expert, subject).check();
}

}  // namespace zlens
