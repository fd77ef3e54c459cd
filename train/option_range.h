// Options as the command names them, checked before work begins.
#pragma once

#include <cstdint>
#include <string>

#include "io/error.h"

namespace zlens {

// Throws InputError where --name is below `low`.
inline void require_at_least(const char* name, std::int64_t value, std::int64_t low) {
  if (value < low)
    throw InputError(std::string("--") + name + " " + std::to_string(value) + " is out of range (accepted: from " +
                     std::to_string(low) + ")");
}

}  // namespace zlens
