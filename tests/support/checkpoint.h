// The tiny decoders that tests/fixtures/make_decoders.py made with transformers, and their expected outputs.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "text/decoder.h"

namespace zlens {

struct LoadedDecoder {
  AdaptableMatrices matrices;
  std::unique_ptr<const Decoder> decoder;
};

// tests/fixtures/decoders/<name> in float32 (or `dtype`), with DecoderConfig::bidirectional_prompt as given.
LoadedDecoder load_decoder_fixture(const std::string& name, at::ScalarType dtype = at::kFloat, bool bidirectional_prompt = false);
std::vector<std::string> decoder_fixtures();

// All tensors of a safetensors file, copied.
std::map<std::string, at::Tensor> read_tensors(const std::string& path);
std::map<std::string, at::Tensor> decoder_golden(const std::string& name);

// ids[from, to) of an int64 tensor.
std::vector<std::int32_t> ids_of(const at::Tensor& tensor, std::int64_t from, std::int64_t to);

// Largest absolute difference.
double max_difference(const at::Tensor& a, const at::Tensor& b);

}  // namespace zlens
