#include "core/cpu.h"

#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace rl {

int cpu_level = kBaseline;

static const char* const kNames[kLevels] = {"baseline", "v3", "v4", "amx"};

const char* level_name(int level) { return kNames[level]; }

bool level_built(int level) {
#if defined(RL_HAVE_V4) && defined(RL_HAVE_AMX)
  if (level == kAmx) return true;
#endif
#ifdef RL_HAVE_V4
  if (level == kV4) return true;
#endif
#ifdef RL_HAVE_V3
  if (level == kV3) return true;
#endif
  return level == kBaseline;
}

#if defined(__x86_64__) && defined(__linux__)
// The system saves the matrix unit's 8 KiB of registers only for a process that asked for them.
static bool ask_for_amx() {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  const unsigned bf16 = 1u << 22, tile = 1u << 24;
  if ((d & (bf16 | tile)) != (bf16 | tile)) return false;
  constexpr long kRequest = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}
#endif

static bool supported(int level) {
#if defined(__x86_64__)
  __builtin_cpu_init();  // also asks the operating system whether it saves the wide registers
  if (level == kV3)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (level == kV4)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#if defined(__linux__)
  if (level == kAmx) return supported(kV4) && ask_for_amx();
#endif
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
