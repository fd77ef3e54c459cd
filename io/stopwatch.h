// How long something takes.
#pragma once

#include <chrono>

namespace zlens {

class Stopwatch {
 public:
  // Wall time since construction.
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace zlens
