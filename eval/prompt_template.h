// Prompt templates: text files that turn a question and the text of its inputs into chat messages. Free of torch.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.h"

namespace zlens {

// What a template's placeholders are filled with.
struct PromptValues {
  std::string question;
  std::string context;               // text of attached modalities (recognised words, a transcript), may be empty
  std::vector<std::string> choices;  // multiple choice
  int images = 0;                    // images that the model itself sees
};

// File format: UTF-8. A line `[system]`, `[user]` or `[assistant]` starts a message; what follows up to the next such line is its
// text (the newline before the next marker is not part of it). Placeholders, wherever they stand: {question}, {context}, {choices}
// ("A. …" lines); a literal brace is doubled. A line of nothing but {context} or {choices} vanishes where that is empty. Lines that
// start with `#` before the first marker are comments.
// Images stand before the text of the last user message. Immutable.
class PromptTemplate {
 public:
  // Throws InputError with the line on an unknown marker or placeholder, or where no user message ends the conversation (an
  // [assistant] message may follow only as an answer in an example).
  static PromptTemplate parse(std::string_view name, std::string_view text);

  // `name_or_file`: a path to an existing file, else `<folder>/<name>.txt`. The error lists the names that the folder has.
  static PromptTemplate load(const std::string& name_or_file, const std::filesystem::path& folder);

  const std::string& name() const { return name_; }
  // True: an answer is one line; generation ends at its first newline (a line `[oneline]` before the first message).
  bool one_line() const { return one_line_; }
  const std::string& sha256() const { return sha256_; }  // of the file's bytes

  // [{"role": …, "content": …}, …]; content is a string, or with images a list of {"type": "image"} and {"type": "text", …}.
  OrderedJson messages(const PromptValues& values) const;

 private:
  struct Message {
    std::string role, text;
  };
  std::string name_, sha256_;
  bool one_line_ = false;
  std::vector<Message> messages_;
};

}  // namespace zlens
