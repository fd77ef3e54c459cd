// The tiny vision-language checkpoints, and the pictures beside them, that tests/fixtures/make_vlms.py made.
#pragma once

#include <filesystem>

namespace zlens {

inline const std::filesystem::path kVlms = std::filesystem::path(ZLENS_FIXTURES) / "vlms";

}  // namespace zlens
