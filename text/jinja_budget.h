// What a template may use up while it is rendered, so that a hostile one stops soon.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zlens {

struct JinjaLimits {
  static constexpr std::size_t source_bytes = std::size_t{256} << 10;
  static constexpr std::size_t steps = 2'000'000;
  static constexpr std::size_t string_bytes = std::size_t{16} << 20;  // of one string, and of the output
  static constexpr std::size_t bytes_per_step = 32;                   // text that one step may read or write
  static constexpr std::size_t range_items = 100'000;                 // as in Jinja's sandbox
  static constexpr int syntax_depth = 100;                            // brackets and blocks within each other
  static constexpr int tree_depth = 200;                              // also counts chains such as a + b + c
  static constexpr int call_depth = 500;                              // nested evaluations, macros included
  static constexpr int value_depth = 100;                             // lists and dicts within each other
};

// "chat template, line N: why", on one line and cut to a readable length. Throws InputError.
[[noreturn]] void fail_in_template(int line, std::string_view why);

// Counts the steps of one rendering and knows its current line. Time and memory are both bounded by the steps: whoever makes or
// reads n values or n bytes pays for them here first. Not thread-safe; one per rendering.
class JinjaBudget {
 public:
  void step(std::size_t count = 1) {
    if (count > steps_left_) fail_steps();
    steps_left_ -= count;
  }
  void bytes(std::size_t count) { step(count / JinjaLimits::bytes_per_step); }
  // To call before a string of `size` bytes is made.
  void string_of(std::size_t size);

  void at_line(int line) { line_ = line; }
  int line() const { return line_; }
  [[noreturn]] void fail(std::string_view why) const { fail_in_template(line_, why); }

 private:
  [[noreturn]] void fail_steps() const;

  std::size_t steps_left_ = JinjaLimits::steps;
  int line_ = 1;
};

}  // namespace zlens
