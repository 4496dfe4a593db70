#include "core/cpu.h"

#include <cstring>

namespace rl {

int cpu_level = kBaseline;

static const char* const kNames[kLevels] = {"baseline", "v3", "v4"};

const char* level_name(int level) { return kNames[level]; }

bool level_built(int level) {
#ifdef RL_HAVE_V4
  if (level == kV4) return true;
#endif
#ifdef RL_HAVE_V3
  if (level == kV3) return true;
#endif
  return level == kBaseline;
}

static bool supported(int level) {
#if defined(__x86_64__)
  __builtin_cpu_init();  // also asks the operating system whether it saves the wide registers
  if (level == kV3)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (level == kV4)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#endif
  return level == kBaseline;
}

int best_level() {
  for (int level = kLevels - 1; level > kBaseline; level--)
    if (level_built(level) && supported(level)) return level;
  return kBaseline;
}

bool choose_level(const char* wanted) {
  if (!wanted || !*wanted) {
    cpu_level = best_level();
    return true;
  }
  for (int level = 0; level < kLevels; level++)
    if (!std::strcmp(wanted, kNames[level]) && level_built(level) && supported(level)) {
      cpu_level = level;
      return true;
    }
  return false;
}

}  // namespace rl
