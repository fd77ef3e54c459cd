#include "eval/prompt_template.h"

#include <algorithm>

#include "eval/data_entry.h"
#include "io/error.h"
#include "io/mapped_file.h"
#include "io/sha256.h"
#include "io/utf8.h"

namespace zlens {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

bool is_marker(std::string_view line) {
  return line == "[system]" || line == "[user]" || line == "[assistant]";
}

// A line in brackets of nothing but small letters is meant as a marker, known or not.
bool looks_like_marker(std::string_view line) {
  if (line.size() < 3 || line.front() != '[' || line.back() != ']') return false;
  return std::all_of(line.begin() + 1, line.end() - 1, [](char c) { return c >= 'a' && c <= 'z'; });
}

std::string choice_lines(const std::vector<std::string>& choices) {
  std::string out;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) out += '\n';
    out += static_cast<char>('A' + i % 26);
    out += ". " + choices[i];
  }
  return out;
}

// What stands at text[at], a brace: a doubled brace, or a placeholder with its name. Nothing else is allowed.
struct Brace {
  std::size_t length = 0;  // 0: neither
  std::string_view placeholder;
};

Brace brace_at(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) == "{{" || text.substr(at, 2) == "}}") return {2, {}};
  for (const std::string_view name : {"question", "context", "choices"}) {
    if (text.substr(at + 1, name.size()) == name && text.substr(at + 1 + name.size(), 1) == "}") return {name.size() + 2, name};
  }
  return {};
}

void fill_line(std::string_view line, const PromptValues& values, std::string& out) {
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] != '{' && line[i] != '}') {
      out += line[i++];
      continue;
    }
    const Brace brace = brace_at(line, i);
    if (brace.placeholder == "question") out += values.question;
    if (brace.placeholder == "context") out += values.context;
    if (brace.placeholder == "choices") out += choice_lines(values.choices);
    if (brace.placeholder.empty()) out += line[i];
    i += brace.length;
  }
}

std::string fill(std::string_view text, const PromptValues& values) {
  std::string out;
  bool first = true;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    const bool vanishes = (line == "{context}" && values.context.empty()) || (line == "{choices}" && values.choices.empty());
    if (vanishes) continue;
    if (!first) out += '\n';
    first = false;
    fill_line(line, values, out);
  }
  return out;
}

// Reads a template line by line and names the line in what it refuses.
class TemplateReader {
 public:
  explicit TemplateReader(std::string_view name) : name_(name) {}

  void line(std::string_view text) {
    ++number_;
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text == "[oneline]") return one_line();
    if (is_marker(text)) return start(text.substr(1, text.size() - 2));
    if (looks_like_marker(text)) fail("unknown marker " + printable(text) + "; known: [oneline], [system], [user], [assistant]");
    if (messages_.empty()) {
      if (!text.empty() && text[0] != '#') fail("text before the first marker; comments start with '#'");
      return;
    }
    check_braces(text);
    std::string& message = messages_.back().second;
    if (lines_in_message_++ > 0) message += '\n';
    message += text;
  }

  bool answers_one_line() const { return one_line_; }

  std::vector<std::pair<std::string, std::string>> finish() {
    if (messages_.empty()) fail("holds no message");
    if (messages_.back().first != "user") fail("the last message must be [user], not [" + messages_.back().first + "]");
    return std::move(messages_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw InputError("prompt template " + name_ + ", line " + std::to_string(number_) + ": " + problem);
  }

  void one_line() {
    if (!messages_.empty()) fail("[oneline] must stand before the first message");
    one_line_ = true;
  }

  void start(std::string_view role) {
    const std::string before = messages_.empty() ? "" : messages_.back().first;
    if (role == "system" && !before.empty()) fail("[system] must come first");
    if (role == "assistant" && before != "user") fail("[assistant] must answer a [user] message");
    if (role == "user" && before == "user") fail("two [user] messages follow each other");
    messages_.emplace_back(role, "");
    lines_in_message_ = 0;
  }

  void check_braces(std::string_view text) const {
    for (std::size_t i = 0; i < text.size();) {
      if (text[i] != '{' && text[i] != '}') {
        ++i;
        continue;
      }
      const Brace brace = brace_at(text, i);
      if (brace.length == 0) {
        fail("'" + printable(text.substr(i, 20)) +
             "' is no placeholder; known: {question}, {context}, {choices}; write a brace twice");
      }
      i += brace.length;
    }
  }

  std::string name_;
  std::size_t number_ = 0;
  std::size_t lines_in_message_ = 0;
  bool one_line_ = false;
  std::vector<std::pair<std::string, std::string>> messages_;
};

std::vector<std::string> template_names(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

PromptTemplate PromptTemplate::parse(std::string_view name, std::string_view text) {
  if (!is_valid_utf8(text)) throw InputError("prompt template " + printable(name) + ": is not UTF-8 text");
  TemplateReader reader{printable(name)};
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    reader.line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  PromptTemplate out;
  out.name_ = name;
  out.sha256_ = sha256_hex(text);
  out.one_line_ = reader.answers_one_line();
  for (auto& [role, content] : reader.finish()) out.messages_.push_back({std::move(role), std::move(content)});
  return out;
}

PromptTemplate PromptTemplate::load(const std::string& name_or_file, const std::filesystem::path& folder) {
  std::filesystem::path file = name_or_file;
  if (!std::filesystem::is_regular_file(file)) {
    const bool plain = !name_or_file.empty() && name_or_file.find('/') == std::string::npos;
    file = folder / (name_or_file + ".txt");
    if (!plain || !std::filesystem::is_regular_file(file)) {
      throw InputError("prompt '" + printable(name_or_file) + "' is neither a file nor a name in " + folder.string() +
                       "; names: " + joined(template_names(folder)));
    }
  }
  return parse(file.stem().string(), read_text_file(file, kMaxBytes));
}

OrderedJson PromptTemplate::messages(const PromptValues& values) const {
  OrderedJson out = OrderedJson::array();
  for (const Message& message : messages_) out.push_back({{"role", message.role}, {"content", fill(message.text, values)}});
  if (values.images <= 0) return out;
  OrderedJson parts = OrderedJson::array();
  for (int i = 0; i < values.images; ++i) parts.push_back({{"type", "image"}});
  parts.push_back({{"type", "text"}, {"text", out.back()["content"]}});
  out.back()["content"] = std::move(parts);
  return out;
}

}  // namespace zlens
