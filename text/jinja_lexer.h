// Template text to tokens, white space control included.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/jinja_value.h"

namespace zlens {

enum class JinjaTokenKind {
  data,  // literal text
  variable_begin,
  variable_end,
  block_begin,
  block_end,
  name,
  string,   // `text` is decoded
  integer,  // `number`
  real,     // `number`
  symbol,   // an operator or bracket
  end
};

struct JinjaToken {
  JinjaTokenKind kind;
  std::string text;
  JinjaValue number;
  int line = 1;
};

// Tokens of `source`, closed by one of kind `end`; trim_blocks and lstrip_blocks are on. Takes linear time.
// Throws InputError with the line on unterminated tags and strings, unknown characters and unbalanced brackets.
std::vector<JinjaToken> tokenize_template(std::string_view source);

}  // namespace zlens
