// From tokens back to text: the `decoder` of tokenizer.json.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "text/tokenizer_fields.h"

namespace zlens {

// Changes a list of tokens into text parts, which the next step takes; the last step's parts are joined. Thread-safe.
using DecoderStep = std::function<void(std::vector<std::string>&)>;

// Bytes from the printable alphabet, joined; torn characters become U+FFFD.
DecoderStep byte_level_decoder();
// Runs of <0xNN> tokens become the text of their bytes, or one U+FFFD per byte where they make none.
DecoderStep byte_fallback_decoder();
DecoderStep fuse_decoder();
// Drops up to `start` (`stop`) times `content`, one character, from the beginning (end) of every part.
DecoderStep strip_decoder(std::string content, std::size_t start, std::size_t stop);
DecoderStep replace_decoder(std::string from, std::string to);

// The steps of a `decoder` object (sequences flattened) in order. Throws InputError naming any unknown type.
std::vector<DecoderStep> decoder_from_json(const JsonFields& fields);

}  // namespace zlens
