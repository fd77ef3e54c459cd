#include "modules/processor.h"

namespace zlens::kernels {

bool processor_has_bf16() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                          __builtin_cpu_supports("avx512bf16");
  return has;
#else
  return false;
#endif
}

bool processor_prefers_floats() {
#if defined(__x86_64__)
  static const bool does = __builtin_cpu_is("intel");
  return does;
#else
  return false;
#endif
}

}  // namespace zlens::kernels
