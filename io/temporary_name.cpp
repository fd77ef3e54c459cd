#include "io/temporary_name.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace zlens {
namespace {

std::string prefix_of_this_machine() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return std::string(kTemporaryPrefix) + host.data() + "-";
}

}  // namespace

std::string temporary_name(int attempt) {
  return prefix_of_this_machine() + std::to_string(::getpid()) + "-" + std::to_string(attempt);
}

bool is_of_ended_process(std::string_view name) {
  const std::string prefix = prefix_of_this_machine();
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  pid_t process = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process);
  const bool whole = error == std::errc() && process > 0 && end != name.data() + name.size() && *end == '-';
  return whole && ::kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace zlens
