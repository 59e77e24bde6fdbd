// Waiting that other threads of the same core hardly feel.
#pragma once

namespace octet {

inline constexpr int kSpins = 4000;  // tens to 200 microseconds, by CPU: looks before a thread sleeps

inline void pause_cpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

}  // namespace octet
