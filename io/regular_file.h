// Files that may be missing from a folder that somebody else filled.
#pragma once

#include <filesystem>

namespace zlens {

// True where `path` leads to a regular file, links followed; false where nothing stands there. Throws InputError where something
// else does (a folder; a pipe, which would block whoever opens it) or where the path cannot be followed (a link to itself).
bool has_regular_file(const std::filesystem::path& path);

}  // namespace zlens
