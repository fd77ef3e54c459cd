#include "io/json.h"

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "io/error.h"
#include "io/mapped_file.h"

namespace zlens {
namespace {

// Walks the text for the parser and publishes how far it is, which SAX events do not tell.
class TrackedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackedIterator(const char* at, const char** progress) : at_(at), progress_(progress) {}
  reference operator*() const { return *at_; }
  TrackedIterator& operator++() {
    *progress_ = ++at_;
    return *this;
  }
  TrackedIterator operator++(int) {
    const TrackedIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const TrackedIterator& other) const { return at_ == other.at_; }
  bool operator!=(const TrackedIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** progress_;
};

[[noreturn]] void fail(std::string_view subject, std::size_t offset, const std::string& what) {
  throw InputError(std::string(subject) + ": byte " + std::to_string(offset) + ": " + what);
}

// Builds the value while checking what nlohmann's own builder lets pass: depth and duplicate keys.
class DomBuilder : public nlohmann::json_sax<Json> {
 public:
  DomBuilder(std::string_view text, std::string_view subject, const JsonLimits& limits)
      : text_(text), progress_(text.data()), subject_(subject), limits_(limits) {}

  Json parse() {
    const char* end = text_.data() + text_.size();
    Json::sax_parse(TrackedIterator(text_.data(), &progress_), TrackedIterator(end, &progress_), this);
    return std::move(root_);
  }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // not part of JSON text
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    const auto [entry, is_new] = open_.back()->get_ref<Json::object_t&>().try_emplace(name);
    if (!is_new) fail(subject_, offset(), "key \"" + printable(name) + "\" stands twice in one object");
    member_ = &entry->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string_view message = error.what();
    const std::size_t tag_end = message.find("] ");
    // The end of the message says what was expected; its middle may quote megabytes of the text.
    const std::string_view detail = tag_end == message.npos ? message : message.substr(tag_end + 2);
    const std::string head = printable(detail.substr(0, 160), 160);
    fail(subject_, position == 0 ? offset() : position - 1, "not valid JSON: " + head);
  }

 private:
  std::size_t offset() const { return static_cast<std::size_t>(progress_ - text_.data()); }

  // Stands for a place in the tree that stays put: nothing is added beside an open value.
  Json* place(Json&& value) {
    if (++values_ > limits_.max_values)
      fail(subject_, offset(), "more than " + std::to_string(limits_.max_values) + " values; is this the right file?");
    Json* slot = &root_;
    if (!open_.empty() && open_.back()->is_array()) {
      slot = &open_.back()->get_ref<Json::array_t&>().emplace_back();
    } else if (!open_.empty()) {
      slot = member_;
    }
    *slot = std::move(value);
    return slot;
  }

  bool add(Json&& value) {
    place(std::move(value));
    return true;
  }

  bool open(Json&& value) {
    if (open_.size() >= static_cast<std::size_t>(limits_.max_depth)) {
      fail(subject_, offset(), "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
    }
    open_.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  const char* progress_;
  std::string_view subject_;
  const JsonLimits& limits_;
  Json root_;
  std::vector<Json*> open_;
  std::size_t values_ = 0;
  Json* member_ = nullptr;  // where the value of the key just read goes
};

}  // namespace

Json parse_json(std::string_view text, std::string_view subject, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    throw InputError(std::string(subject) + ": " + std::to_string(text.size()) + " bytes of JSON, the limit is " +
                     std::to_string(limits.max_bytes));
  }
  // nlohmann takes a NUL byte for the end of the text and would let anything follow it.
  const std::size_t nul = text.find('\0');
  if (nul != text.npos) fail(subject, nul, "not valid JSON: a NUL byte");
  return DomBuilder(text, subject, limits).parse();
}

Json read_json_file(const std::filesystem::path& path, const JsonLimits& limits) {
  return parse_json(read_text_file(path, limits.max_bytes), path.string(), limits);
}

}  // namespace zlens
