// What a checkpoint is.
#pragma once

#include <filesystem>
#include <ostream>

#include "io/json.h"

namespace zlens {

// {"path", "format", "model_type", "parameters", "hidden_size", …, "chat_template", "adaptable": {"matrices", "shapes": {"q_proj":
// "[576, 576] x 30", …}, "singular_values"}}. Throws InputError where it is not a model that zlens knows.
Json model_card(const std::filesystem::path& model);

void print_model_card(std::ostream& out, const Json& card);

}  // namespace zlens
