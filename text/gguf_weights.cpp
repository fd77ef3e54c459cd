#include "text/gguf_weights.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "io/error.h"

namespace zlens {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

constexpr std::array<Name, 10> kLayerNames = {{
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
}};

constexpr std::array<Name, 1> kTwoNorms = {{{"ffn_norm", "post_attention_layernorm"}}};
constexpr std::array<Name, 3> kFourNorms = {{
    {"post_attention_norm", "post_attention_layernorm"},
    {"ffn_norm", "pre_feedforward_layernorm"},
    {"post_ffw_norm", "post_feedforward_layernorm"},
}};

// Empty where a layer has no such part.
std::string_view canonical_part(std::string_view part, bool four_norms) {
  const auto find = [&](std::span<const Name> names) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const Name& name) { return name.first == part; });
    return found == names.end() ? std::string_view() : found->second;
  };
  const std::string_view norm = four_norms ? find(kFourNorms) : find(kTwoNorms);
  return norm.empty() ? find(kLayerNames) : norm;
}

// "blk.3.attn_q.weight" -> "model.layers.3.self_attn.q_proj.weight"; empty where the name has no place.
std::string canonical_name(const std::string& name, bool four_norms) {
  if (name == "token_embd.weight") return "model.embed_tokens.weight";
  if (name == "output_norm.weight") return "model.norm.weight";
  if (name == "output.weight") return "lm_head.weight";
  if (!name.starts_with("blk.")) return {};
  const auto after_index = name.find('.', 4), suffix = name.rfind('.');
  if (after_index == std::string::npos || suffix <= after_index) return {};
  const auto part = canonical_part(std::string_view(name).substr(after_index + 1, suffix - after_index - 1), four_norms);
  if (part.empty()) return {};
  return "model.layers." + name.substr(4, after_index - 4) + "." + std::string(part) + name.substr(suffix);
}

// Rows in chunks that stay in the processor's cache between dequantising and rounding.
at::Tensor dequantized(const Gguf& gguf, const GgufTensor& tensor, at::ScalarType dtype) {
  const auto options = at::TensorOptions().dtype(dtype);
  at::Tensor out = at::empty(tensor.shape, options);
  const std::int64_t width = tensor.shape.back(), rows = width ? out.numel() / width : 0;
  const std::int64_t chunk = std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(1, width));
  const at::Tensor flat = out.view({rows, width});
  at::parallel_for(0, (rows + chunk - 1) / chunk, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i * chunk, count = std::min(chunk, rows - first);
      buffer.resize(static_cast<std::size_t>(count * width));
      gguf.dequantize(tensor, static_cast<std::size_t>(first * width), buffer);
      flat.slice(0, first, first + count).copy_(at::from_blob(buffer.data(), {count, width}, at::kFloat));
    }
  });
  gguf.file()->release(gguf.data(tensor));
  return out;
}

// Architectures whose q and k llama.cpp's converter stores in pairs: those whose rotary positions it computes pair by pair.
bool stores_pairs(const std::string& model_type) {
  return model_type == "llama" || model_type == "smollm3";
}

// [H*Dh, N] with rows of each head as (half, pair) pairs interleaved -> the halves one after the other.
at::Tensor unpermuted(const at::Tensor& weight, std::int64_t heads) {
  return weight.unflatten(0, {heads, -1, 2}).transpose(1, 2).reshape(weight.sizes()).contiguous();
}

}  // namespace

StateDict state_dict_from_gguf(const std::shared_ptr<const Gguf>& gguf, const DecoderConfig& config, at::ScalarType dtype) {
  const std::string subject = gguf->file()->path().string();
  StateDict weights(subject, dtype);
  for (const auto& [name, tensor] : gguf->tensors()) {
    const std::string canonical = canonical_name(name, config.sandwich_norms);
    if (canonical.empty())
      throw InputError(subject + ": tensor '" + name + "' has no place in a " + config.model_type + " decoder");
    const bool pairs = stores_pairs(config.model_type);
    const bool query = canonical.find("q_proj.") != std::string::npos, key = canonical.find("k_proj.") != std::string::npos;
    const std::int64_t heads = !pairs ? 0 : query ? config.num_attention_heads : key ? config.num_key_value_heads : 0;
    if (heads && (tensor.shape.empty() || tensor.shape[0] % (2 * heads) != 0))
      throw InputError(subject + ": the rows of '" + name + "' cannot be divided among " + std::to_string(heads) + " heads");
    // Gemma's norms are stored as what they scale by, 1 + weight.
    const bool offset = config.unit_offset_norms && canonical.ends_with("norm.weight");
    weights.add(canonical, tensor.shape, [gguf, &tensor = tensor, heads, offset](at::ScalarType wanted) {
      if (offset) return (dequantized(*gguf, tensor, at::kFloat) - 1.0).to(wanted);
      const at::Tensor loaded = dequantized(*gguf, tensor, wanted);
      return heads ? unpermuted(loaded, heads) : loaded;
    });
  }
  return weights;
}

}  // namespace zlens
