// Images of a report, small enough for a page.
#pragma once

#include <filesystem>
#include <optional>

#include "eval/image_data.h"

namespace zlens {

// The image at most 900 pixels a side, as JPEG; nothing where it cannot be read.
std::optional<EmbeddedImage> thumbnail(const std::filesystem::path& file);

}  // namespace zlens
