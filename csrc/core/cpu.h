// CPU levels: which copy of the kernels runs. Chosen once, at import.
#pragma once

namespace rl {

// kAmx is kV4 with large products on the matrix unit: the same copy of the kernels.
enum Level { kBaseline = 0, kV3 = 1, kV4 = 2, kAmx = 3, kLevels = 4 };

// The level in use. Set by choose_level(), before any kernel runs.
extern int cpu_level;

// The highest level that this processor, the operating system and this build all support.
int best_level();
bool level_built(int level);
const char* level_name(int level);
// `wanted` is a level's name, or null for the best. False: there is no such level here.
bool choose_level(const char* wanted);

}  // namespace rl

// A kernel family `F` is a struct of function pointers, F##Kernels, and one constant of it per level,
// F##_kernels, in that level's namespace (csrc/kernels/F.cpp). RL_TABLE(F) in a binding declares
// them and gives `F()`, the table of the level in use. Constants, not registration at start-up:
// code compiled for a level must not run before the level is known to be supported.
#ifdef RL_HAVE_V3
#define RL_IF_V3(x) x
#else
#define RL_IF_V3(x)
#endif
#ifdef RL_HAVE_V4
#define RL_IF_V4(x) x
#else
#define RL_IF_V4(x)
#endif
#define RL_TABLE(family, Kernels)                                           \
  namespace baseline {                                                      \
  extern const Kernels family##_kernels;                                    \
  }                                                                         \
  RL_IF_V3(namespace v3 { extern const Kernels family##_kernels; })         \
  RL_IF_V4(namespace v4 { extern const Kernels family##_kernels; })         \
  static inline const Kernels& family() {                                   \
    switch (rl::cpu_level) {                                                \
      RL_IF_V4(case rl::kAmx : case rl::kV4 : return v4::family##_kernels;) \
      RL_IF_V3(case rl::kV3 : return v3::family##_kernels;)                 \
      default:                                                              \
        return baseline::family##_kernels;                                  \
    }                                                                       \
  }
