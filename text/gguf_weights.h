// The tensors of a GGUF file under their Hugging Face names.
#pragma once

#include <memory>

#include "io/gguf.h"
#include "modules/state_dict.h"
#include "text/decoder_config.h"

namespace zlens {

// Dequantises each tensor when it is taken, straight into `dtype`. GGUF files of the llama architecture hold the rows of q and k
// permuted for interleaved rotary pairs, those of Gemma hold norms with 1 added: both are undone here. Throws InputError on tensors
// that have no place in a decoder.
StateDict state_dict_from_gguf(const std::shared_ptr<const Gguf>& gguf, const DecoderConfig& config, at::ScalarType dtype);

}  // namespace zlens
