// The two kinds of error that zlens reports; everything else that escapes is a bug.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace zlens {

// Work that failed although its input was usable (disk full, a lock held by another process, …). Exit code 1. Names and values from
// files may stand in the message: it is made `printable` whole.
class Error : public std::runtime_error {
 public:
  explicit Error(std::string_view message);
};

// Wrong usage, or a file, image, checkpoint or expert that cannot be used. One line: subject, numbers, a way out. Exit code 2.
class InputError : public Error {
 public:
  using Error::Error;
};

// Untrusted text for use in a message or a table: valid UTF-8 without control characters, cut after `max_bytes`, so that the
// message stays one line and a file cannot write to the terminal.
std::string printable(std::string_view text, std::size_t max_bytes = 120);

}  // namespace zlens
