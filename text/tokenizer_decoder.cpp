#include "text/tokenizer_decoder.h"

#include <algorithm>
#include <utility>

#include "io/utf8.h"
#include "text/byte_alphabet.h"
#include "text/pre_tokenizer.h"
#include "text/token_model.h"
#include "text/tokenizer_normalizer.h"

namespace zlens {
namespace {

constexpr const char* replacement_character = "\xEF\xBF\xBD";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that a token "<0xNN>" stands for, or -1.
int token_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const int high = token[3] == '+' ? 0 : hex_digit(token[3]);  // the reference's number parser takes a sign
  const int low = hex_digit(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void flush_bytes(std::string& bytes, std::vector<std::string>& out) {
  if (bytes.empty()) return;
  if (is_valid_utf8(bytes)) {
    out.push_back(bytes);
  } else {
    out.insert(out.end(), bytes.size(), replacement_character);
  }
  bytes.clear();
}

void strip(std::string& part, const std::string& content, std::size_t start, std::size_t stop) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < start && part.compare(begin, content.size(), content) == 0; ++i) begin += content.size();
  part.erase(0, begin);
  for (std::size_t i = 0; i < stop && part.ends_with(content); ++i) part.resize(part.size() - content.size());
}

DecoderStep strip_from_json(const JsonFields& fields) {
  std::string content = fields.string("content");
  if (to_utf32(content).size() != 1) fields.fail("content must be one character, got " + printable(content));
  constexpr std::int32_t limit = 1024;
  return strip_decoder(std::move(content), static_cast<std::size_t>(fields.id("start", limit)),
                       static_cast<std::size_t>(fields.id("stop", limit)));
}

DecoderStep metaspace_from_json(const JsonFields& fields) {
  const TokenPattern mark = literal_pattern(metaspace_replacement(fields));
  const bool drop_first = prepend_scheme(fields) != PrependScheme::Never;
  return [mark, drop_first](std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = replace_matches(parts[i], mark, i == 0 && drop_first ? "" : " ");
  };
}

DecoderStep replace_from_json(const JsonFields& fields) {
  std::string content = fields.string("content");
  if (content.size() > TokenizerLimits::max_replacement) fields.fail("content has " + std::to_string(content.size()) + " bytes");
  return [pattern = pattern_from_json(fields.object("pattern")), content = std::move(content)](std::vector<std::string>& parts) {
    for (std::string& part : parts) part = replace_matches(part, pattern, content);
  };
}

// A suffix marks the end of a word: a space, but for the last one.
DecoderStep bpe_decoder(const JsonFields& fields) {
  const TokenPattern suffix = literal_pattern(fields.string_or("suffix", "</w>"));
  return [suffix](std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = replace_matches(parts[i], suffix, i + 1 == parts.size() ? "" : " ");
  };
}

void append_steps(const JsonFields& fields, std::vector<DecoderStep>& steps) {
  if (steps.size() >= TokenizerLimits::max_steps) fields.fail("too many decoders");
  const std::string type = fields.string("type");
  if (type == "Sequence") {
    const Json& parts = fields.array("decoders");
    for (std::size_t i = 0; i < parts.size(); ++i) append_steps({parts[i], fields.where() + "[" + std::to_string(i) + "]"}, steps);
  } else if (type == "ByteLevel") {
    steps.push_back(byte_level_decoder());
  } else if (type == "ByteFallback") {
    steps.push_back(byte_fallback_decoder());
  } else if (type == "Fuse") {
    steps.push_back(fuse_decoder());
  } else if (type == "Strip") {
    steps.push_back(strip_from_json(fields));
  } else if (type == "Metaspace") {
    steps.push_back(metaspace_from_json(fields));
  } else if (type == "Replace") {
    steps.push_back(replace_from_json(fields));
  } else if (type == "BPEDecoder") {
    steps.push_back(bpe_decoder(fields));
  } else {
    fields.fail("unknown decoder " + printable(type));
  }
}

}  // namespace

DecoderStep byte_level_decoder() {
  return [](std::vector<std::string>& parts) {
    std::string bytes;
    for (const std::string& part : parts) append_alphabet_bytes(part, bytes);
    parts = {is_valid_utf8(bytes) ? std::move(bytes) : to_utf8(to_utf32(bytes))};
  };
}

DecoderStep byte_fallback_decoder() {
  return [](std::vector<std::string>& parts) {
    std::vector<std::string> out;
    std::string bytes;
    for (std::string& part : parts) {
      const int byte = token_byte(part);
      if (byte >= 0) {
        bytes.push_back(static_cast<char>(byte));
        continue;
      }
      flush_bytes(bytes, out);
      out.push_back(std::move(part));
    }
    flush_bytes(bytes, out);
    parts = std::move(out);
  };
}

DecoderStep fuse_decoder() {
  return [](std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) all += part;
    parts = {std::move(all)};
  };
}

DecoderStep strip_decoder(std::string content, std::size_t start, std::size_t stop) {
  return [content = std::move(content), start, stop](std::vector<std::string>& parts) {
    for (std::string& part : parts) strip(part, content, start, stop);
  };
}

DecoderStep replace_decoder(std::string from, std::string to) {
  return [pattern = literal_pattern(std::move(from)), to = std::move(to)](std::vector<std::string>& parts) {
    for (std::string& part : parts) part = replace_matches(part, pattern, to);
  };
}

std::vector<DecoderStep> decoder_from_json(const JsonFields& fields) {
  std::vector<DecoderStep> steps;
  append_steps(fields, steps);
  return steps;
}

}  // namespace zlens
