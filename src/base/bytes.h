// Immutable bytes with shared ownership: a constant of a graph may own its memory, or lie inside a
// mapped model file, or inside bytes that the importer made; its user need not know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace octet {

inline constexpr std::size_t kAlignment = 64;  // bytes; of every tensor and every weight

// Where memory comes from: the system, or functions of the caller (octet.h, q_allocator).
struct Allocator {
  void* (*allocate)(void* user, std::size_t size, std::size_t alignment) = nullptr;  // null: the system
  void (*release)(void* user, void* memory, std::size_t size) = nullptr;
  void* user = nullptr;
};

// Zero-initialised memory aligned to kAlignment. Throws std::bad_alloc.
std::shared_ptr<std::byte[]> allocate_aligned(std::size_t size_bytes, const Allocator& allocator = {});

class Bytes {
 public:
  Bytes() = default;
  // `owner` keeps [data, data + size) alive.
  Bytes(std::shared_ptr<const void> owner, const std::byte* data, std::size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}

  static Bytes copy_of(const void* data, std::size_t size);
  // An aligned copy of the elements.
  template <class T>
  static Bytes from(std::span<const T> values) {
    return copy_of(values.data(), values.size_bytes());
  }
  template <class T>
  static Bytes from(const std::vector<T>& values) {
    return copy_of(values.data(), values.size() * sizeof(T));
  }

  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::shared_ptr<const void>& owner() const { return owner_; }
  std::span<const std::byte> span() const { return {data_, size_}; }

  // The bytes as elements. Precondition: the address is aligned for T.
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data_), size_ / sizeof(T)};
  }
  Bytes slice(std::size_t offset, std::size_t size) const { return {owner_, data_ + offset, size}; }

 private:
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace octet
