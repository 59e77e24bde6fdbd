// Memory for kernels under test: it ends where a page ends that nobody may touch, so that reading or writing behind the
// last element stops the test, and it begins behind bytes that are looked at afterwards.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "support/cmocka.h"

namespace octet::test {

template <class T>
class GuardedArray {
 public:
  explicit GuardedArray(std::size_t count) : count_(count) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = (count * sizeof(T) + kGuard + page - 1) / page * page;
    mapped_ = bytes + page;
    void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail_msg("no memory for %zu elements", count);
    begin_ = static_cast<std::byte*>(memory);
    mprotect(begin_ + bytes, page, PROT_NONE);
    data_ = reinterpret_cast<T*>(begin_ + bytes - count * sizeof(T));
    std::memset(begin_, kPattern, static_cast<std::size_t>(reinterpret_cast<std::byte*>(data_) - begin_));
    std::memset(static_cast<void*>(data_), kPattern, count * sizeof(T));
  }
  explicit GuardedArray(const std::vector<T>& values) : GuardedArray(values.size()) {
    std::copy(values.begin(), values.end(), data_);
  }
  GuardedArray(GuardedArray&& other) noexcept
      : begin_(other.begin_), mapped_(other.mapped_), data_(other.data_), count_(other.count_) {
    other.begin_ = nullptr;
  }
  GuardedArray(const GuardedArray&) = delete;
  GuardedArray& operator=(const GuardedArray&) = delete;
  ~GuardedArray() {
    if (begin_ != nullptr) munmap(begin_, mapped_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return count_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::span<const T> span() const { return {data_, count_}; }
  std::vector<T> values() const { return {data_, data_ + count_}; }
  // What no kernel has written keeps the pattern that every array begins with.
  void reset() { std::memset(static_cast<void*>(data_), kPattern, count_ * sizeof(T)); }

  // True while the bytes before the first element are as they were.
  bool guard_intact() const {
    const auto* end = reinterpret_cast<const std::byte*>(data_);
    return std::all_of(end - kGuard, end, [](std::byte b) { return b == std::byte{kPattern}; });
  }

 private:
  static constexpr std::size_t kGuard = 256;
  static constexpr unsigned char kPattern = 0xA5;

  std::byte* begin_ = nullptr;
  std::size_t mapped_ = 0;
  T* data_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace octet::test
