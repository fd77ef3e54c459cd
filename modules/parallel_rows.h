// Independent pieces of one batch, each on a thread of its own.
#pragma once

#include <cstdint>
#include <functional>

namespace zlens {

// Calls body(0) … body(count - 1), spread over the threads that at::set_num_threads allows; what a body computes in parallel runs
// on its thread alone. Modes of the calling thread (no gradients, inference) hold inside. A single piece keeps all threads to
// itself, as do pieces for an accelerator. What a body throws is thrown here.
void for_each_row(std::int64_t count, bool on_cpu, const std::function<void(std::int64_t)>& body);

}  // namespace zlens
