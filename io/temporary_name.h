// What AtomicFile and AtomicFolder call what they have not finished.
#pragma once

#include <string>
#include <string_view>

namespace zlens {

inline constexpr std::string_view kTemporaryPrefix = ".zlens-tmp-";

// A name of this process: the prefix, then machine, process id and `attempt`.
std::string temporary_name(int attempt);

// True for names of processes of this machine that have ended. Those of other machines, which may share the folder, cannot be
// judged.
bool is_of_ended_process(std::string_view name);

}  // namespace zlens
