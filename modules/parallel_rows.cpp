#include "modules/parallel_rows.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>

namespace zlens {

void for_each_row(std::int64_t count, bool on_cpu, const std::function<void(std::int64_t)>& body) {
  if (count < 2 || !on_cpu) {
    for (std::int64_t row = 0; row < count; ++row) body(row);
    return;
  }
  const at::ThreadLocalState modes;
  at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::ThreadLocalStateGuard guard(modes);
    for (std::int64_t row = begin; row < end; ++row) body(row);
  });
}

}  // namespace zlens
