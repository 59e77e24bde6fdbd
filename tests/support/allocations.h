// Counts the allocations of the whole program, and makes chosen ones fail. Include it in one source of a test program:
// it takes the place of the C library's malloc and its relatives. Sanitizers have their own; there nothing is counted
// and `kCounted` is false.
#pragma once

#include <errno.h>
#include <stddef.h>

#include <atomic>

#include "support/sanitizers.h"

#if defined(__GLIBC__) && !OCTET_SANITIZED_MEMORY
#define OCTET_OWN_MALLOC 1
#else
#define OCTET_OWN_MALLOC 0
#endif

namespace octet::test {

struct Allocations {
  static constexpr bool kCounted = OCTET_OWN_MALLOC != 0;
  static inline std::atomic<long> count{0};
  // Allocations that may still succeed; negative: all.
  static inline std::atomic<long> left{-1};

  static bool allowed() {
    count.fetch_add(1, std::memory_order_relaxed);
    if (left.load(std::memory_order_relaxed) < 0) return true;
    if (left.fetch_sub(1, std::memory_order_relaxed) > 0) return true;
    left.store(0, std::memory_order_relaxed);
    errno = ENOMEM;
    return false;
  }
};

}  // namespace octet::test

#if OCTET_OWN_MALLOC
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

__attribute__((visibility("default"))) void* malloc(size_t size) {
  return octet::test::Allocations::allowed() ? __libc_malloc(size) : nullptr;
}
__attribute__((visibility("default"))) void* calloc(size_t count, size_t size) {
  return octet::test::Allocations::allowed() ? __libc_calloc(count, size) : nullptr;
}
__attribute__((visibility("default"))) void* realloc(void* old, size_t size) {
  return octet::test::Allocations::allowed() ? __libc_realloc(old, size) : nullptr;
}
__attribute__((visibility("default"))) void* memalign(size_t alignment, size_t size) {
  return octet::test::Allocations::allowed() ? __libc_memalign(alignment, size) : nullptr;
}
__attribute__((visibility("default"))) void* aligned_alloc(size_t alignment, size_t size) {
  return octet::test::Allocations::allowed() ? __libc_memalign(alignment, size) : nullptr;
}
__attribute__((visibility("default"))) int posix_memalign(void** out, size_t alignment, size_t size) {
  if (!octet::test::Allocations::allowed()) return ENOMEM;
  void* memory = __libc_memalign(alignment, size);
  if (memory == nullptr) return ENOMEM;
  *out = memory;
  return 0;
}
}
#endif
