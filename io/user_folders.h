// Where a user's files live (XDG base directories).
#pragma once

#include <filesystem>

namespace zlens {

std::filesystem::path user_cache_folder();  // $XDG_CACHE_HOME/zlens, else ~/.cache/zlens; empty where neither variable is set
std::filesystem::path user_data_folder();   // $XDG_DATA_HOME/zlens, else ~/.local/share/zlens; empty likewise

// assets/: $ZLENS_ASSETS, else ../share/zlens/assets beside the running program's folder where it exists, else the source tree's.
std::filesystem::path assets_folder();

}  // namespace zlens
