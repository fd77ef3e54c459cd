#include "app/model_card.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "app/session.h"
#include "modules/dtype.h"
#include "text/model.h"
#include "vision/families.h"
#include "vision/image_modality.h"

namespace zlens {
namespace {

// "model.layers.3.self_attn.q_proj" -> "self_attn.q_proj"
std::string kind_of(const std::string& name) {
  std::string kind = name;
  for (std::size_t dot = kind.find('.'); dot != std::string::npos; dot = kind.find('.', dot + 1))
    if (kind.find_first_not_of("0123456789", dot + 1) == kind.find('.', dot + 1) && kind.find('.', dot + 1) > dot + 1)
      return kind.substr(kind.find('.', dot + 1) + 1);
  return kind;
}

Json adaptable(const AdaptableMatrices& matrices) {
  std::map<std::string, std::int64_t> kinds;
  std::int64_t values = 0;
  for (const AdaptableMatrix& matrix : matrices) {
    ++kinds[kind_of(matrix.name) + " " + shape_text(matrix.weight.sizes())];
    values += std::min(matrix.weight.size(0), matrix.weight.size(1));
  }
  return {{"matrices", matrices.size()}, {"kinds", kinds}, {"singular_values", values}};
}

}  // namespace

Json model_card(const std::filesystem::path& path) {
  const FamilyRegistry families = vision_families();
  const auto model = LanguageModel::load(
      path, {.dtype = at::kBFloat16, .families = &families, .make_weight = {}, .find_language_model = find_model});
  const DecoderConfig& config = model->decoder().config();
  Json out = {{"path", path.string()},
              {"format", path.extension() == ".gguf" ? "gguf" : "huggingface"},
              {"model_type", model->model_type()},
              {"decoder", config.model_type},
              {"hidden_size", config.hidden_size},
              {"intermediate_size", config.intermediate_size},
              {"num_hidden_layers", config.num_hidden_layers},
              {"num_attention_heads", config.num_attention_heads},
              {"num_key_value_heads", config.num_key_value_heads},
              {"vocab_size", config.vocab_size},
              {"max_position_embeddings", config.max_position_embeddings},
              {"chat_template", model->has_chat_template()},
              {"adaptable", adaptable(model->matrices())}};
  if (const auto* images = dynamic_cast<const ImageModality*>(model->own_modality()))
    out["image_resize"] = images->processor().backend_reason;
  return out;
}

void print_model_card(std::ostream& out, const Json& card) {
  for (const auto& [key, value] : card.items())
    if (!value.is_object()) out << key << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
  const Json& matrices = card.at("adaptable");
  out << "adaptable: " << matrices.at("matrices") << " matrices, " << matrices.at("singular_values") << " singular values\n";
  for (const auto& [kind, count] : matrices.at("kinds").items()) out << "  " << count << " x " << kind << "\n";
}

}  // namespace zlens
