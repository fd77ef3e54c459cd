// Metadata values of GGUF.
#pragma once

#include "io/gguf.h"
#include "io/byte_reader.h"

namespace zlens {

// Reads the kind code and the value behind it. Throws InputError on unknown kinds, nested or too long arrays and truncation.
GgufValue read_gguf_value(ByteReader& reader);

}  // namespace zlens
